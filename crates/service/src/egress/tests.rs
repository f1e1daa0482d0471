use std::{
    io,
    net::IpAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::Empty;

use super::*;

fn strict() -> Arc<Egress> {
    Egress::new(EgressPolicy::default())
}

fn provisioned() -> Arc<Egress> {
    Egress::new(EgressPolicy::provisioned())
}

#[test]
fn every_spelling_of_a_forbidden_address_is_refused() {
    let never = [
        "http://169.254.169.254/latest/meta-data/",
        "http://169.254.170.2/v2/credentials",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0xA9.0xFE.0xA9.0xFE/",
        "http://0251.0376.0251.0376/",
        "http://169.254.43518/",
        "http://169.16689662/",
        "http://169.254.169.254./",
        "http://①⑥⑨.②⑤④.①⑥⑨.②⑤④/",
        "http://169。254。169。254/",
        "http://%31%36%39.254.169.254/",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
        "http://[::169.254.169.254]/",
        "http://[64:ff9b::169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[64:ff9b:1::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://[2001:0:53aa:64c::5601:5601]/",
        "http://[::ffff:0:a9fe:a9fe]/",
        "http://[2001:db8::5efe:a9fe:a9fe]/",
        "http://[fe80::1]/",
        "http://[febf::1]/",
        "http://[fec0::1]/",
        "http://[fd00:ec2::254]/",
        "http://[fd00:0ec2:0:0::0254]/",
        "http://100.100.100.200/",
        "http://168.63.129.16/",
        "http://192.0.0.192/",
        "http://192.0.0.170/",
        "http://192.88.99.1/",
        "http://0/",
        "http://0.0.0.0/",
        "http://0.1.2.3/",
        "http://[::]/",
        "http://[::ffff:0.0.0.0]/",
        "http://224.0.0.1/",
        "http://239.255.255.250/",
        "http://255.255.255.255/",
        "http://240.0.0.1/",
        "http://[ff02::1]/",
        "http://[ff01::1]/",
        "http://[64:ff9b::224.0.0.1]/",
        "http://[100::1]/",
    ];
    for url in never {
        for egress in [strict(), provisioned()] {
            let refused = egress.target(url).map(|target| target.ip());
            assert!(
                matches!(refused, Err(EgressError::AddressRefused(_))),
                "{url}: {refused:?}"
            );
        }
    }
}

#[test]
fn own_networks_are_reached_only_when_the_policy_says_so() {
    for (url, class) in [
        ("http://127.0.0.1/", AddressClass::Loopback),
        ("http://127.1/", AddressClass::Loopback),
        ("http://127.255.255.254/", AddressClass::Loopback),
        ("http://0x7f.1/", AddressClass::Loopback),
        ("http://017700000001/", AddressClass::Loopback),
        ("http://2130706433/", AddressClass::Loopback),
        ("http://①②⑦.⓪.⓪.①/", AddressClass::Loopback),
        ("http://[::1]/", AddressClass::Loopback),
        ("http://[::ffff:127.0.0.1]/", AddressClass::Loopback),
        ("http://[::ffff:7f00:1]/", AddressClass::Loopback),
        ("http://[64:ff9b::127.0.0.1]/", AddressClass::Loopback),
        ("http://10.0.0.1/", AddressClass::Private),
        ("http://172.16.0.1/", AddressClass::Private),
        ("http://172.31.255.255/", AddressClass::Private),
        ("http://192.168.1.1/", AddressClass::Private),
        ("http://100.64.0.1/", AddressClass::Private),
        ("http://198.18.0.1/", AddressClass::Private),
        ("http://[fc00::1]/", AddressClass::Private),
        ("http://[fd12:3456::1]/", AddressClass::Private),
    ] {
        assert!(
            matches!(strict().target(url), Err(EgressError::AddressRefused(refused)) if refused == class),
            "{url}"
        );
        assert!(provisioned().target(url).is_ok(), "{url}");
    }
    for url in [
        "http://172.32.0.1/",
        "http://8.8.8.8/",
        "http://100.128.0.1/",
        "http://[2606:4700::1111]/",
    ] {
        assert!(strict().target(url).is_ok(), "{url}");
    }
}

#[test]
fn urls_that_readers_disagree_about_are_refused() {
    for (url, expected) in [
        ("", InvalidTarget::Malformed),
        ("example.com", InvalidTarget::Malformed),
        ("//example.com/", InvalidTarget::Malformed),
        ("/relative", InvalidTarget::Malformed),
        ("http:example.com", InvalidTarget::Malformed),
        ("http:/example.com", InvalidTarget::Malformed),
        ("http:///example.com", InvalidTarget::Malformed),
        ("http:\\\\example.com", InvalidTarget::Malformed),
        ("http://good.test\\@evil.test/", InvalidTarget::Malformed),
        ("http://exa\tmple.com/", InvalidTarget::Malformed),
        ("http://example.com/\r\nHost: evil.test", InvalidTarget::Malformed),
        (" http://example.com/", InvalidTarget::Malformed),
        ("http://example.com/ ", InvalidTarget::Malformed),
        ("http://example.com/\0", InvalidTarget::Malformed),
        ("ftp://example.com/", InvalidTarget::Scheme),
        ("file:///etc/passwd", InvalidTarget::Scheme),
        ("gopher://127.0.0.1:6379/_FLUSHALL", InvalidTarget::Scheme),
        ("unix:///var/run/docker.sock", InvalidTarget::Scheme),
        ("data:text/plain,x", InvalidTarget::Scheme),
        ("ws://example.com/", InvalidTarget::Scheme),
        ("http://user@example.com/", InvalidTarget::UserInfo),
        ("http://user:pw@example.com/", InvalidTarget::UserInfo),
        ("http://good.test@169.254.169.254/", InvalidTarget::UserInfo),
        ("http://@example.com/", InvalidTarget::UserInfo),
        ("http://", InvalidTarget::Host),
        ("http://./", InvalidTarget::Host),
        ("http://a..b/", InvalidTarget::Host),
        ("http://example.com:0/", InvalidTarget::Port),
        ("http://example.com:65536/", InvalidTarget::Port),
        ("http://example.com:80:80/", InvalidTarget::Port),
    ] {
        assert_eq!(Target::parse(url), Err(expected), "{url:?}");
    }
    let long = format!("http://example.com/{}", "a".repeat(2048));
    assert_eq!(Target::parse(&long), Err(InvalidTarget::TooLong));
}

#[test]
fn a_destination_keeps_its_path_and_query_as_written() {
    let target = Target::parse("https://API.example.com.:8443/v1/a%2Fb/?z=1&a=%20#frag").unwrap();
    assert_eq!(target.host(), "api.example.com");
    assert_eq!(target.authority().as_str(), "api.example.com:8443");
    assert_eq!(target.host_and_port(), "api.example.com:8443");
    assert_eq!((target.path(), target.query()), ("/v1/a%2Fb/", Some("z=1&a=%20")));
    let plain = Target::parse("http://example.com").unwrap();
    assert_eq!((plain.path(), plain.query()), ("/", None));
    assert_eq!(
        (plain.host_header().as_bytes(), plain.host_and_port()),
        (&b"example.com"[..], "example.com:80")
    );
    let v6 = Target::parse("http://[::1]:8080/").unwrap();
    assert_eq!((v6.host(), v6.authority().as_str()), ("::1", "[::1]:8080"));
}

#[test]
fn the_allow_list_matches_whole_names() {
    let list = ["api.example.com", "*.corp.test", "10.0.0.7", "[::1]"];
    let policy = EgressPolicy {
        host_allowlist: list.iter().map(|entry| entry.parse().unwrap()).collect(),
        ..EgressPolicy::provisioned()
    };
    for allowed in [
        "api.example.com",
        "a.corp.test",
        "a.b.corp.test",
        "10.0.0.7",
        "::1",
    ] {
        assert!(policy.allows_host(allowed), "{allowed}");
    }
    for refused in [
        "example.com",
        "xapi.example.com",
        "corp.test",
        "evilcorp.test",
        "api.example.com.evil.test",
    ] {
        assert!(!policy.allows_host(refused), "{refused}");
    }
    let egress = Egress::new(policy);
    assert!(
        matches!(egress.target("http://API.example.com./"), Ok(target) if target.host() == "api.example.com")
    );
    assert!(matches!(
        egress.target("http://api.example.org/"),
        Err(EgressError::HostNotAllowed)
    ));
    for (written, said) in [
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("FD00::0001", "fd00::1"),
        ("::ffff:a00:1", "::ffff:10.0.0.1"),
        ("API.Example.com.", "api.example.com"),
    ] {
        let pattern: HostPattern = written.parse().unwrap();
        assert_eq!((pattern.to_string().as_str(), pattern.host()), (said, Some(said)));
    }
    assert_eq!("*.corp.test".parse::<HostPattern>().unwrap().host(), None);
    for bad in [
        "",
        "*",
        "*.",
        "a/b",
        "a b",
        "http://a",
        "a:80",
        "*.::1",
        "*.10.0.0.1",
    ] {
        assert_eq!(bad.parse::<HostPattern>(), Err(InvalidHostPattern), "{bad}");
    }
}

/// Answers the first question with one address and every later one with another.
#[derive(Debug)]
struct Rebinding {
    asked: AtomicUsize,
    answers: [IpAddr; 2],
}

#[async_trait]
impl Resolve for Rebinding {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(vec![self.answers[asked.min(1)]])
    }
}

/// Gives every address of a list.
#[derive(Debug)]
struct Fixed(Vec<IpAddr>);

#[async_trait]
impl Resolve for Fixed {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(self.0.clone())
    }
}

async fn get(egress: &Egress, uri: Uri) -> Result<u16, EgressError> {
    let client = egress.client::<Empty<Bytes>>();
    let request = Request::get(uri).body(Empty::new()).unwrap();
    match client.request(request).await {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) => Err(EgressError::of(&error)
            .expect("the guard explains itself")
            .clone()),
    }
}

async fn upstream() -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(async || "here");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test]
async fn the_vetted_address_is_the_one_that_is_dialled() {
    let address = upstream().await;
    let answers = ["127.0.0.1".parse().unwrap(), "169.254.169.254".parse().unwrap()];
    let resolver = Arc::new(Rebinding {
        asked: AtomicUsize::new(0),
        answers,
    });
    let egress = Egress::with(EgressPolicy::provisioned(), Timeouts::default(), resolver.clone());
    let uri: Uri = format!("http://rebind.test:{}/", address.port()).parse().unwrap();
    assert_eq!(get(&egress, uri.clone()).await.unwrap(), 200);
    assert_eq!(
        resolver.asked.load(Ordering::SeqCst),
        1,
        "one question, and its answer was dialled"
    );
    // Within its time the answer stands; the second answer is never asked for.
    assert_eq!(get(&egress, uri).await.unwrap(), 200);
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_name_that_turns_to_a_forbidden_address_is_refused_at_the_dial() {
    let address = upstream().await;
    let answers = ["127.0.0.1".parse().unwrap(), "169.254.169.254".parse().unwrap()];
    let resolver = Arc::new(Rebinding {
        asked: AtomicUsize::new(0),
        answers,
    });
    let timeouts = Timeouts {
        dns: Duration::ZERO,
        ..Timeouts::default()
    };
    let egress = Egress::with(EgressPolicy::provisioned(), timeouts, resolver);
    let uri: Uri = format!("http://rebind.test:{}/", address.port()).parse().unwrap();
    assert_eq!(get(&egress, uri.clone()).await.unwrap(), 200);
    let refused = get(&egress, uri).await;
    assert!(
        matches!(refused, Err(EgressError::AddressRefused(AddressClass::LinkLocal))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn one_refused_address_refuses_the_name() {
    let addresses = ["127.0.0.1", "fd00:ec2::254"]
        .map(|text| text.parse().unwrap())
        .to_vec();
    let egress = Egress::with(
        EgressPolicy::provisioned(),
        Timeouts::default(),
        Arc::new(Fixed(addresses)),
    );
    let target = egress.target("http://mixed.test/").unwrap();
    assert!(matches!(
        egress.vet(&target).await,
        Err(EgressError::AddressRefused(AddressClass::Metadata))
    ));
}

#[tokio::test]
async fn names_without_address_and_closed_ports_are_network_failures_not_refusals() {
    let egress = Egress::with(
        EgressPolicy::provisioned(),
        Timeouts::default(),
        Arc::new(Fixed(Vec::new())),
    );
    let nowhere = get(&egress, "http://nowhere.test/".parse().unwrap())
        .await
        .unwrap_err();
    assert!(matches!(nowhere, EgressError::Resolve(_)) && !nowhere.is_refusal());
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let refused = get(&egress, format!("http://{closed}/").parse().unwrap())
        .await
        .unwrap_err();
    assert!(matches!(refused, EgressError::Connect(_)), "{refused:?}");
    // Nobody there speaks TLS.
    let plain = upstream().await;
    let tls = get(&egress, format!("https://{plain}/").parse().unwrap())
        .await
        .unwrap_err();
    assert!(matches!(tls, EgressError::Tls(_)), "{tls:?}");
}

#[tokio::test]
async fn a_host_that_is_named_may_be_private_and_nothing_else_may() {
    let address = upstream().await;
    let policy = EgressPolicy {
        private_hosts: vec!["id.test".parse().unwrap()],
        ..EgressPolicy::default()
    };
    let answers = |addresses: &[&str]| {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        Egress::with(policy.clone(), Timeouts::default(), Arc::new(Fixed(addresses)))
    };
    let uri = |host: &str| format!("http://{host}:{}/", address.port()).parse().unwrap();
    let egress = answers(&["127.0.0.1"]);
    assert_eq!(get(&egress, uri("id.test")).await.unwrap(), 200);
    for other in ["other.test", "id.test.evil.test", "xid.test"] {
        let refused = get(&egress, uri(other)).await.unwrap_err();
        assert!(refused.is_refusal(), "{other}: {refused:?}");
    }
    // The name is allowed, not the address.
    let refused = egress.target("http://127.0.0.1/");
    assert!(matches!(
        refused,
        Err(EgressError::AddressRefused(AddressClass::Loopback))
    ));
    // What hands out credentials of the machine is never allowed.
    let refused = get(&answers(&["169.254.169.254"]), uri("id.test"))
        .await
        .unwrap_err();
    assert!(refused.is_refusal(), "{refused:?}");
}

#[test]
fn a_private_address_is_dialled_under_the_name_it_was_given_and_no_other() {
    let named = |list: &[&str]| {
        Egress::new(EgressPolicy::named(
            list.iter().map(|entry| entry.parse().unwrap()).collect(),
        ))
    };
    let egress = named(&["10.0.0.7", "[::1]", "fd12::1", "[64:ff9b::10.0.0.7]", "127.0.0.1"]);
    for good in [
        "http://10.0.0.7/",
        "http://0xa.7/",
        "http://[::1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[fd12:0::0001]/",
        "http://[64:ff9b::a00:7]/",
        "http://127.1/",
    ] {
        assert!(egress.target(good).is_ok(), "{good}");
    }
    // The same machine in another way is another destination, which nobody named.
    for bad in [
        "http://10.0.0.8/",
        "http://127.0.0.2/",
        "http://[::ffff:10.0.0.7]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::127.0.0.1]/",
        "http://[fd12::2]/",
        "http://100.64.0.1/",
        "http://192.168.0.1/",
    ] {
        let refused = egress.target(bad).unwrap_err();
        assert!(refused.could_be_named(), "{bad}: {refused:?}");
    }
    // Naming it opens nothing that hands out credentials of the machine, or belongs to nobody.
    let egress = named(&[
        "169.254.169.254",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "0.0.0.0",
        "100.100.100.200",
    ]);
    for never in [
        "http://169.254.169.254/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://0/",
        "http://100.100.100.200/",
    ] {
        let refused = egress.target(never).unwrap_err();
        assert!(
            refused.is_refusal() && !refused.could_be_named(),
            "{never}: {refused:?}"
        );
    }
}

#[test]
fn a_reference_loses_the_origin_of_its_target_and_no_other() {
    let target = |url: &str| Target::parse(url).unwrap();
    for (base, reference, left) in [
        (
            "http://up.test/v1",
            "http://up.test/v1/items/5?a=1",
            "/v1/items/5?a=1",
        ),
        ("http://up.test/v1", "HTTP://UP.test:80/v1", "/v1"),
        ("https://up.test", "https://up.test", "/"),
        ("http://[::1]:9/a", "http://[::1]:9/a/b", "/a/b"),
        // A path in front of which a host could be read is judged by whoever reads on.
        ("http://up.test", "http://up.test//else.test", "//else.test"),
    ] {
        assert_eq!(target(base).without_origin(reference), left, "{reference}");
    }
    for stays in [
        "https://up.test/",
        "http://up.test:81/",
        "http://up.test.else.test/",
        "http://up.test@else.test/",
        "http://up.testing/",
        // The root with a query is not the caller's own path with one.
        "http://up.test?a=1",
        "//up.test/",
        "/v1",
        "",
    ] {
        assert_eq!(target("http://up.test/v1").without_origin(stays), stays);
    }
}
