use http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn call_in(body: &str) -> Result<String, Unreadable> {
    call(body.as_bytes(), &HeaderMap::new())
}

fn is_ambiguous(body: &[u8]) -> bool {
    matches!(call(body, &HeaderMap::new()), Err(Unreadable::Ambiguous(_)))
}

#[test]
fn the_arguments_of_a_tool_are_those_that_its_server_reads() {
    let arguments = |body: &str| read(body.as_bytes(), &HeaderMap::new()).map(|asked| asked.arguments);
    for (body, given) in [
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments": {"a":[1, 2]} ,"name":"x"}}"#,
            Some(r#"{"a":[1, 2]}"#),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#,
            Some("{}"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":null}}"#,
            Some("null"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"x","arguments":{"a":"b"}}}"#,
            None,
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, None),
    ] {
        assert_eq!(arguments(body), Ok(given.map(Into::into)), "{body}");
    }
    let deep = ["[", &"[".repeat(70), &"]".repeat(70), "]"].concat();
    for arguments in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":{"b":1,"b":2}}"#,
        r#"{"a":"\u0000"}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"a":1e999}"#,
        deep.as_str(),
    ] {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"x","arguments":{arguments}}}}}"#
        );
        assert!(is_ambiguous(body.as_bytes()), "{body}");
    }
    for twice in ["arguments", "Arguments", r"argument\u017f"] {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"x","arguments":{{}},"{twice}":{{}}}}}}"#
        );
        assert!(is_ambiguous(body.as_bytes()), "{body}");
    }
}

#[test]
fn a_message_says_its_method_and_what_it_is_about() {
    for (body, call) in [
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{}}}"#,
            "tools/call:search",
        ),
        (
            r#"{"jsonrpc":"2.0","id":"a","method":"tools/list"}"#,
            "tools/list",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"c","_meta":{"name":"x"}}}"#,
            "tools/list",
        ),
        (
            r#"{"params":{"arguments":{"name":"other"},"name":"se\u0061rch"},"method":"tools\/call","id":1,"jsonrpc":"2.0"}"#,
            "tools/call:search",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///a","name":"b"}}"#,
            "resources/read:file:///a",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"é"}}"#,
            "prompts/get:é",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            "notifications/initialized",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"result":{"role":"assistant"}}"#,
            "response",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}}"#,
            "response",
        ),
        (
            " \r\n{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}\n",
            "ping",
        ),
    ] {
        assert_eq!(call_in(body).as_deref(), Ok(call), "{body}");
    }
}

#[test]
fn a_batch_is_refused() {
    for body in [
        "[]",
        " [ ]",
        "\n[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]",
        "[[",
    ] {
        assert_eq!(call_in(body), Err(Unreadable::Batch), "{body}");
    }
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    let deep = |levels: usize| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"a":{}{}}}}}"#,
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    assert!(call_in(&deep(60)).is_ok());
    for body in [
        // Two members of one name, in every spelling and depth.
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","m\u0065thod":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"METHOD":"tools/list"}"#,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"param\u{17f}\":{}}",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":1,"x":2}}}"#,
        // What ends a text early, or is none.
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a\u0000b"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"\u0000"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x\u0000":1}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"\ud800"}}"#,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pi\0ng\"}",
        "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
        // More than one message, or less.
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"}x"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping""#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping",}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
        r#"{"jsonrpc":"2.0","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{},"params":{}}"#,
        "",
        "null",
        r#""ping""#,
        "{}",
        // Members that are not what they must be.
        r#"{"id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":["ping"]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":""}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"response"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call:search"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["a"]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":""}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a "}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a\n"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["search"]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":1e999}}"#,
    ] {
        assert!(is_ambiguous(body.as_bytes()), "{body}");
    }
    assert!(is_ambiguous(deep(100).as_bytes()) && is_ambiguous(deep(30_000).as_bytes()));
    assert!(is_ambiguous(
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pi\xffng\"}"
    ));
    let wide: Vec<u8> = "{\"jsonrpc\":\"2.0\"}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(is_ambiguous(&wide));
}

#[test]
fn headers_must_say_what_the_body_says() {
    let search = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search"}}"#;
    let accented = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"é"}}"#;
    let task = r#"{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"t-1"}}"#;
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    for (body, said, agrees) in [
        (search, &[][..], true),
        (
            search,
            &[("mcp-method", "tools/call"), ("mcp-name", "search")],
            true,
        ),
        (search, &[("mcp-method", "tools/call")], true),
        (search, &[("mcp-name", "=?base64?c2VhcmNo?=")], true),
        (accented, &[("mcp-name", "=?base64?w6k=?=")], true),
        (task, &[("mcp-method", "tasks/get"), ("mcp-name", "t-1")], true),
        (search, &[("mcp-method", "tools/list")], false),
        (search, &[("mcp-method", "Tools/Call")], false),
        (search, &[("mcp-name", "delete")], false),
        (search, &[("mcp-name", "")], false),
        (search, &[("mcp-name", "=?base64?ZGVsZXRl?=")], false),
        (search, &[("mcp-name", "=?base64?!?=")], false),
        (search, &[("mcp-name", "search"), ("mcp-name", "search")], false),
        (
            search,
            &[("mcp-method", "tools/call"), ("mcp-method", "tools/list")],
            false,
        ),
        (search, &[("mcp_method", "tools/call")], false),
        (search, &[("mcp_name", "delete")], false),
        (task, &[("mcp-name", "t-2")], false),
        (answer, &[("mcp-method", "tools/call")], false),
        (answer, &[("mcp-name", "search")], false),
    ] {
        let mut headers = HeaderMap::new();
        for (name, value) in said {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let told = call(body.as_bytes(), &headers);
        if agrees {
            assert!(told.is_ok(), "{body} {said:?} {told:?}");
        } else {
            assert_eq!(told, Err(Unreadable::HeaderDiffers), "{body} {said:?}");
        }
    }
}

/// Texts near those that matter: pieces of messages in any order.
fn nearly_a_message() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\""),
        Just("\\"),
        Just(" "),
        Just("\"jsonrpc\":\"2.0\""),
        Just("\"id\":1"),
        Just("\"method\":\"tools/call\""),
        Just("\"method\":\"ping\""),
        Just("\"params\":{\"name\":\"a\"}"),
        Just("\"params\":{\"name\":\"b\"}"),
        Just("\"Method\":\"x\""),
        Just("\"result\":{}"),
        Just("\\u0000"),
        Just("null"),
        Just("1e9"),
        Just("\u{17f}"),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn no_bytes_make_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..256)) {
        let _ = call(&body, &HeaderMap::new());
    }

    #[test]
    fn what_is_let_through_reads_alike_to_those_who_take_the_first_and_the_last_member(body in nearly_a_message()) {
        if let Ok(told) = call_in(&body) {
            // A lenient reader: the last of equal members counts.
            let value: serde_json::Value = serde_json::from_str(&body).unwrap();
            let method = value["method"].as_str();
            let expected = match method {
                Some("tools/call") => format!("tools/call:{}", value["params"]["name"].as_str().unwrap()),
                Some(method) => method.to_owned(),
                None => String::from("response"),
            };
            prop_assert_eq!(&told, &expected);
            // Nothing that a reader who folds case, or takes the first, would find another method in.
            let methods = body.to_lowercase().matches("\"method\"").count();
            prop_assert_eq!(methods, usize::from(method.is_some()));
        }
    }

    #[test]
    fn any_name_and_any_argument_is_read_as_it_was_written(
        name in "[a-zA-Z0-9_./-]{1,32}", argument in "[^\\x00]{0,40}", before in any::<bool>(),
    ) {
        let arguments = serde_json::json!({ "name": argument, "method": "tools/list", "list": [argument] });
        let params = if before {
            format!(r#"{{"arguments":{arguments},"name":"{name}"}}"#)
        } else {
            format!(r#"{{"name":"{name}","arguments":{arguments}}}"#)
        };
        let body = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}}}"#);
        prop_assert_eq!(call_in(&body), Ok(format!("tools/call:{name}")));
    }
}
