//! Many strangers at many addresses, and an application among them.

use axum::http::StatusCode;
use caracal_testkit::crowd::Crowd;

use crate::fixture::Fixture;

#[tokio::test]
async fn however_many_strangers_ask_and_stay_an_application_mints() {
    let fixture = Fixture::new().await;
    let post = |fields: &[(String, String)]| {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        format!(
            "POST /oauth/2/token HTTP/1.1\r\nHost: sts\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        )
    };
    let nobody = fixture.mint_form(&[("zone_id", "0199-nowhere"), ("application_id", "0199-nobody")]);
    let crowd = Crowd::around(caracal_sts::router(fixture.deps.clone()).into(), &post(&nobody)).await;
    let mints = crowd.answers(&post(&fixture.mint_form(&[]))).await;
    assert_eq!(mints, [StatusCode::OK.as_u16(); 20]);
}
