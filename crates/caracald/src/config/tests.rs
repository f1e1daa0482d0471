use caracal_service::config::Declared;

use super::*;

fn read(pairs: &[(&str, &str)], roles: &[Role]) -> Result<Config, ConfigError> {
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read(Settings::new(pairs), roles)
}

#[test]
fn a_published_mode_names_everything_that_is_missing_at_once() {
    let message = read(&[], Role::ALL).unwrap_err().to_string();
    for name in [
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_STORE_KEK",
        "STREAMS_HMAC_KEY",
        "AUDIT_HMAC_KEY",
        "CARACAL_ADMIN_TOKEN",
        "AUDIT_LOG_KEY",
        "AUDIT_LOG_ORIGIN",
    ] {
        assert!(message.contains(name), "{name} in {message}");
    }
}

#[test]
fn weak_and_equal_keys_are_refused() {
    let zero = "00".repeat(32);
    let good = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0";
    let message = read(
        &[
            ("CARACAL_MODE", "dev"),
            ("SECRET_STORE_KEK", &zero),
            ("STREAMS_HMAC_KEY", good),
            ("AUDIT_HMAC_KEY", good),
            ("CARACAL_ADMIN_TOKEN", "short"),
        ],
        Role::ALL,
    )
    .unwrap_err()
    .to_string();
    assert!(message.contains("SECRET_STORE_KEK:"), "{message}");
    assert!(
        message.contains("AUDIT_HMAC_KEY must differ from STREAMS_HMAC_KEY"),
        "{message}"
    );
    assert!(
        message.contains("CARACAL_ADMIN_TOKEN must have at least 32"),
        "{message}"
    );
}

#[test]
fn a_process_needs_the_secrets_of_its_roles_alone() {
    let key = |seed: u8| {
        let bytes: Vec<u8> = (0..32_u8)
            .map(|at| at.wrapping_mul(7).wrapping_add(seed))
            .collect();
        hex::encode(bytes)
    };
    let (kek, streams, audit, exchange, receipts) = (key(1), key(2), key(3), key(4), key(5));
    let log = key(6);
    let token = "t".repeat(40);
    let servers = [
        ("DATABASE_URL", "postgres://u:p@127.0.0.1/d"),
        ("REDIS_URL", "redis://127.0.0.1"),
    ];
    let (issuer, sts) = (
        ("ISSUER_URL", "https://sts.example"),
        ("STS_URL", "https://sts.example"),
    );
    let audit = ("AUDIT_HMAC_KEY", audit.as_str());
    let streams = ("STREAMS_HMAC_KEY", streams.as_str());
    let kek = ("SECRET_STORE_KEK", kek.as_str());
    let exchange = ("GATEWAY_STS_HMAC_KEY", exchange.as_str());
    let receipts = ("IDEMPOTENCY_HMAC_KEY", receipts.as_str());
    let (log, origin) = (("AUDIT_LOG_KEY", log.as_str()), ("AUDIT_LOG_ORIGIN", "a.example"));
    let needed: [(Role, Vec<(&str, &str)>); 5] = [
        (
            Role::Api,
            vec![kek, streams, audit, ("CARACAL_ADMIN_TOKEN", &token)],
        ),
        (Role::Sts, vec![kek, streams, audit, exchange, issuer]),
        (Role::Gateway, vec![streams, audit, exchange, issuer, sts]),
        (Role::Coordinator, vec![streams, audit, receipts, issuer]),
        (Role::Audit, vec![audit, log, origin]),
    ];
    for (role, needed) in needed {
        let all: Vec<(&str, &str)> = servers.into_iter().chain(needed.clone()).collect();
        assert!(read(&all, &[role]).is_ok(), "{role} with exactly what it needs");
        for (missing, _) in &all {
            let rest: Vec<(&str, &str)> = all.iter().copied().filter(|(name, _)| name != missing).collect();
            let refused = read(&rest, &[role]).unwrap_err().to_string();
            assert!(refused.contains(missing), "{role} without {missing}: {refused}");
        }
    }
    let mode = ("CARACAL_MODE", "stable");
    assert!(
        read(&[mode], &[Role::Web]).is_ok(),
        "the web role alone keeps nothing"
    );
    let with_another = read(&[mode], &[Role::Web, Role::Api]).unwrap_err().to_string();
    assert!(with_another.contains("REDIS_URL"), "{with_another}");
    assert!(
        read(&servers[..1], &[]).is_ok(),
        "migrating needs the database alone"
    );
}

#[test]
fn an_sts_without_tls_must_be_near() {
    for near in [
        "https://sts.example.com",
        "http://127.0.0.1:8080",
        "http://[::1]:8080/",
        "http://sts:8080",
        "http://localhost",
    ] {
        assert!(!is_remote_without_tls(near), "{near}");
    }
    for far in [
        "http://sts.example.com:8080",
        "http://10.0.0.7:8080",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@evil.example.com/",
        "http://",
    ] {
        assert!(is_remote_without_tls(far), "{far}");
    }
}

#[test]
fn the_gateway_is_known_by_one_spelling_of_its_address() {
    let with = |url: &str| read(&[("CARACAL_MODE", "dev"), ("GATEWAY_PUBLIC_URL", url)], Role::ALL);
    for wrong in [
        "gateway.test",
        "ftp://gateway.test",
        "https://gateway.test/",
        "https://gateway.test/base",
        "https://Gateway.test",
        "https://gateway.test:443",
        "https://user@gateway.test",
        "https://gateway.test?x",
    ] {
        let message = with(wrong).unwrap_err().to_string();
        assert!(
            message.contains("GATEWAY_PUBLIC_URL must be"),
            "{wrong}: {message}"
        );
    }
    for good in [
        "https://gateway.test",
        "http://127.0.0.1:8081",
        "http://[::1]:8081",
    ] {
        let config = with(good).unwrap();
        assert_eq!(config.gateway_public_url.as_deref(), Some(good));
    }
}

#[test]
fn a_setting_that_nobody_reads_is_refused_with_a_sentence() {
    let laptop = ("CARACAL_MODE", "dev");
    let refusal = |name, value| {
        read(&[laptop, (name, value)], Role::ALL)
            .err()
            .map(|error| error.to_string())
    };
    for name in ["AUDIT_MAX_DELIVERIES", "DB_MIN_CONNS", "REDIS_POOL_SIZE"] {
        let message = refusal(name, "1").unwrap();
        assert!(
            message.contains(&format!("{name} is not read by this version: ")),
            "{message}"
        );
    }
    assert!(refusal("JTI_FAIL_OPEN", "true").is_some());
    assert!(refusal("JTI_FAIL_OPEN", "false").is_none());
    assert!(refusal("CARACAL_SECRET_BACKEND", "vault").is_some());
    assert!(refusal("CARACAL_SECRET_BACKEND", "builtin").is_none());
    assert!(refusal("TLS_CERT_FILE", "/c").unwrap().contains("TLS_KEY_FILE"));
    assert!(refusal("TLS_KEY_FILE", "/k").unwrap().contains("TLS_CERT_FILE"));
    assert!(
        refusal("LOG_LEVEL", "verbose")
            .unwrap()
            .contains("none of off, error")
    );
}

#[test]
fn events_are_not_deleted_without_a_word_on_where_they_go_first() {
    let days = ("AUDIT_RETENTION_DAYS", "90");
    let archive = ("AUDIT_ARCHIVE_DIR", "/archive");
    let without = ("AUDIT_RETENTION_WITHOUT_ARCHIVE", "true");
    let with = |more: &[(&str, &str)], roles: &[Role]| {
        let pairs = [&[("CARACAL_MODE", "dev")], more].concat();
        read(&pairs, roles).map_err(|error| error.to_string())
    };
    let refused = with(&[days], Role::ALL).unwrap_err();
    assert!(
        refused.contains("AUDIT_RETENTION_DAYS needs AUDIT_ARCHIVE_DIR"),
        "{refused}"
    );
    let refused = with(&[days, archive, without], Role::ALL).unwrap_err();
    assert!(refused.contains("contradict"), "{refused}");
    for good in [
        &[days, archive][..],
        &[days, without],
        &[archive],
        &[without],
        &[],
    ] {
        with(good, Role::ALL).unwrap();
    }
    // Whoever only tells the limit deletes nothing.
    assert!(with(&[days], &[Role::Api]).is_ok());
    for wrong in ["0", "36501", "soon"] {
        assert!(with(&[("AUDIT_RETENTION_DAYS", wrong), archive], Role::ALL).is_err());
    }
}

#[test]
fn no_setting_is_also_told_to_be_refused() {
    let refused = contract::NOT_READ.iter().flat_map(|(names, _)| *names);
    let both: Vec<_> = refused
        .filter(|name| declared::all().any(|setting| setting.name() == **name))
        .collect();
    assert!(both.is_empty(), "{both:?}");
}

#[test]
fn traces_are_exported_where_the_usual_variables_say_so() {
    let traced = |more: &[(&str, &str)], roles: &[Role]| {
        let pairs = [
            &[
                ("CARACAL_MODE", "dev"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel:4318/"),
            ],
            more,
        ]
        .concat();
        read(&pairs, roles).map(|config| config.tracing)
    };
    assert!(
        read(&[("CARACAL_MODE", "dev")], Role::ALL)
            .unwrap()
            .tracing
            .is_none()
    );
    let all = traced(&[], Role::ALL).unwrap().unwrap();
    assert_eq!(all.endpoint, "http://otel:4318/v1/traces");
    assert_eq!(all.service_name, "caracald");
    assert_eq!(
        traced(&[], &[Role::Sts]).unwrap().unwrap().service_name,
        "caracal-sts"
    );
    let told = traced(
        &[
            ("OTEL_SERVICE_NAME", "mine"),
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ],
        Role::ALL,
    );
    let told = told.unwrap().unwrap();
    assert_eq!(told.service_name, "mine");
    let quarter = caracal_service::trace::Sampling {
        parent_decides: false,
        share: 0.25,
    };
    assert_eq!(told.sampling, quarter);
    let gathered = traced(
        &[
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=eu"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
        ],
        Role::ALL,
    );
    let gathered = gathered.unwrap().unwrap();
    assert_eq!(
        gathered.attributes.as_deref(),
        Some("deployment.environment.name=eu")
    );
    assert_eq!((gathered.batches.queued, gathered.batches.size), (100, 100));
    let elsewhere = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4318/in");
    let told = traced(&[elsewhere], Role::ALL).unwrap().unwrap();
    assert_eq!(told.endpoint, "http://traces:4318/in");
    for off in [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")] {
        assert!(traced(&[off, elsewhere], Role::ALL).unwrap().is_none(), "{off:?}");
    }
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_EXPORTER", "jaeger"),
        ("OTEL_TRACES_SAMPLER", "sometimes"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
    ] {
        let refused = traced(&[(name, value)], Role::ALL).unwrap_err().to_string();
        assert!(refused.contains(name), "{refused}");
    }
}

#[cfg(feature = "export")]
#[test]
fn everything_that_is_told_about_a_bucket_is_understood_there() {
    let names = declared::all().map(Declared::name);
    let names: Vec<_> = names.filter(|name| name.starts_with("AWS_")).collect();
    let value = |name: &str| match name {
        "AWS_ENDPOINT_URL" | "AWS_ENDPOINT_URL_S3" | "AWS_ENDPOINT_URL_STS" | "AWS_PROXY_URL" => {
            "http://bucket"
        }
        "AWS_METADATA_ENDPOINT" | "AWS_CONTAINER_CREDENTIALS_FULL_URI" => "http://machine",
        "AWS_SERVER_SIDE_ENCRYPTION" => "AES256",
        "AWS_CHECKSUM_ALGORITHM" => "sha256",
        "AWS_CONDITIONAL_PUT" => "etag",
        "AWS_SSE_CUSTOMER_KEY_BASE64" => "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=",
        "AWS_S3_EXPRESS" => "false",
        _ => "true",
    };
    let mut pairs: Vec<_> = names.iter().map(|name| (*name, value(name))).collect();
    // What clouds and tools set beside it is nobody's slip of the finger.
    pairs.extend([
        ("CARACAL_MODE", "dev"),
        ("AWS_STS_REGIONAL_ENDPOINTS", "regional"),
        ("AWS_PROFILE", "mine"),
        ("AWS_EXECUTION_ENV", "AWS_ECS_FARGATE"),
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("AWS_SDK_LOAD_CONFIG", "1"),
        ("AWS_CONFIG_FILE", "/root/.aws/config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/root/.aws/credentials"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    let config = read(&pairs, Role::ALL).unwrap();
    assert_eq!(config.bucket.len(), names.len());
    caracal_export::ExportTarget::open("s3://evidence", None, &config.bucket).unwrap();
    for secret in [
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SSE_CUSTOMER_KEY_BASE64",
    ] {
        let shown = config.effective.iter().find(|one| one.name == secret).unwrap();
        assert_eq!(shown.value.as_deref(), Some("(secret)"));
    }
}

#[test]
fn administrative_records_are_kept_for_ever_or_for_30_days_at_least() {
    let laptop = ("CARACAL_MODE", "dev");
    let retention = |days| {
        let config = read(&[laptop, ("ADMIN_AUDIT_RETENTION_DAYS", days)], Role::ALL);
        config
            .map(|config| config.admin_retention)
            .map_err(|error| error.to_string())
    };
    let day = Duration::from_hours(24);
    for (days, kept) in [("", None), ("30", Some(30 * day)), ("36500", Some(36_500 * day))] {
        assert_eq!(retention(days), Ok(kept), "{days}");
    }
    for days in ["29", "0", "36501", "-1", "30d", "for ever"] {
        let message = retention(days).unwrap_err();
        assert!(message.contains("ADMIN_AUDIT_RETENTION_DAYS"), "{message}");
    }
    assert!(retention("29").unwrap_err().contains("from 30 to 36500"));
}

#[test]
fn the_settings_of_listeners_are_in_force() {
    let config = read(
        &[
            ("CARACAL_MODE", "dev"),
            ("READ_HEADER_TIMEOUT", "1s"),
            ("READ_TIMEOUT", "2s"),
            ("WRITE_TIMEOUT", "3s"),
            ("IDLE_TIMEOUT", "4s"),
            ("KEEP_ALIVE_TIMEOUT_MS", "5000"),
            ("REQUEST_TIMEOUT_MS", "6000"),
            ("MAX_CONNECTIONS", "7"),
            ("MAX_CONNECTIONS_PER_ADDRESS", "8"),
            ("DB_POOL_MAX", "9"),
        ],
        Role::ALL,
    )
    .unwrap();
    let gateway = config.serving.limits(Role::Gateway, |wanted| wanted);
    let api = config.serving.limits(Role::Api, |wanted| wanted);
    let seconds = |span: Duration| span.as_secs();
    assert_eq!(seconds(gateway.header_read_timeout), 1);
    assert_eq!(
        (seconds(gateway.body_read_timeout), seconds(api.body_read_timeout)),
        (2, 6)
    );
    assert_eq!(seconds(gateway.write_timeout), 3);
    assert_eq!((seconds(gateway.idle_timeout), seconds(api.idle_timeout)), (4, 5));
    assert_eq!(
        (gateway.max_connections, gateway.max_connections_per_address),
        (7, 8)
    );
    assert_eq!(config.db_max_conns, 9);
    let default = read(&[("CARACAL_MODE", "dev")], Role::ALL).unwrap().serving;
    assert_eq!(
        seconds(default.limits(Role::Gateway, |wanted| wanted).idle_timeout),
        120
    );
    assert!(default.shutdown_delay + default.shutdown_grace < Duration::from_secs(10));
}

#[test]
fn a_laptop_needs_nothing() {
    let config = read(&[("CARACAL_MODE", "dev"), ("CARACAL_HOME", "/tmp/c")], Role::ALL).unwrap();
    assert!(matches!(config.backend, Backend::Embedded));
    assert_eq!(config.listen[0].1.to_string(), "127.0.0.1:3000");
}

#[test]
fn what_is_read_is_declared_and_what_is_declared_is_read() {
    let config = read(&[("CARACAL_MODE", "dev"), ("CARACAL_HOME", "/tmp/c")], Role::ALL).unwrap();
    let read: std::collections::BTreeSet<&str> = config.effective.iter().map(|one| one.name).collect();
    let declared: std::collections::BTreeSet<&str> = declared::all().map(Declared::name).collect();
    // A port is for a process of one role.
    let alone = ["PORT"];
    let missing: Vec<_> = declared
        .difference(&read)
        // `caracald witness` reads its own.
        .filter(|name| !alone.contains(name) && !name.starts_with("WITNESS_"))
        .collect();
    assert!(missing.is_empty(), "declared and not read: {missing:?}");
    let undeclared: Vec<_> = read.difference(&declared).collect();
    assert!(undeclared.is_empty(), "read and not declared: {undeclared:?}");
    assert_eq!(declared.len(), declared::all().count(), "declared once");
    for setting in declared::all() {
        assert!(setting.sentence().ends_with('.'), "{}", setting.name());
    }
}

#[test]
fn what_is_in_force_hides_secrets() {
    let token = "t".repeat(40);
    let config = read(
        &[("CARACAL_MODE", "dev"), ("CARACAL_ADMIN_TOKEN", &token)],
        Role::ALL,
    )
    .unwrap();
    let shown = config
        .effective
        .iter()
        .find(|one| one.name == "CARACAL_ADMIN_TOKEN")
        .unwrap();
    assert_eq!(shown.value.as_deref(), Some("(secret)"));
    assert!(!format!("{:?}", config.effective).contains(&token));
}

#[test]
fn single_sign_on_is_whole_or_not_at_all() {
    const DEV: (&str, &str) = ("CARACAL_MODE", "dev");
    const ISSUER: (&str, &str) = ("CONSOLE_OIDC_ISSUER", "https://id.example.com/realm");
    const CLIENT: (&str, &str) = ("CONSOLE_OIDC_CLIENT_ID", "console");
    const URL: (&str, &str) = ("CONSOLE_URL", "https://console.example.com");
    let message = |pairs: &[(&str, &str)]| read(pairs, Role::ALL).unwrap_err().to_string();
    let missing = message(&[DEV, ISSUER]);
    assert!(
        missing.contains("CONSOLE_OIDC_CLIENT_ID is required"),
        "{missing}"
    );
    assert!(missing.contains("CONSOLE_URL is required"), "{missing}");
    let alone = message(&[DEV, CLIENT]);
    assert!(alone.contains("CONSOLE_OIDC_ISSUER is missing"), "{alone}");
    for (issuer, roles) in [
        ("http://id.example.com", "a=viewer"),
        ("https://id.example.com?x=1", "a=viewer"),
        ("https://id.example.com", "a=owner"),
        ("https://id.example.com", "a"),
        ("https://id.example.com", "=viewer"),
    ] {
        let claim = ("CONSOLE_OIDC_ROLE_CLAIM", "groups");
        let pairs = [
            DEV,
            ("CONSOLE_OIDC_ISSUER", issuer),
            CLIENT,
            URL,
            claim,
            ("CONSOLE_OIDC_ROLES", roles),
        ];
        let refused = message(&pairs);
        assert!(refused.contains("must be"), "{refused}");
    }
    let half = message(&[DEV, ISSUER, CLIENT, URL, ("CONSOLE_OIDC_ROLES", "a=viewer")]);
    assert!(half.contains("need each other"), "{half}");

    let claim = ("CONSOLE_OIDC_ROLE_CLAIM", "groups");
    let roles = ("CONSOLE_OIDC_ROLES", "cn=ops=operator, audit = auditor");
    let config = read(&[DEV, ISSUER, CLIENT, URL, claim, roles], Role::ALL).unwrap();
    let config = config.single_sign_on.unwrap();
    assert_eq!(config.name, "id.example.com");
    let given = config.roles.unwrap().roles;
    assert_eq!(
        given[0],
        (
            String::from("cn=ops"),
            caracal_core::entity::AccountRole::Operator
        )
    );
    assert_eq!(given[1].0, "audit");
    // The other roles of a deployment that shares its environment need none of it.
    assert!(read(&[DEV, ISSUER], &[Role::Web]).is_ok());
}

#[test]
fn hosts_that_are_named_and_never_called_are_a_problem() {
    let problems = |mode: &str, upstreams: &str, private: &str| {
        let pairs = [
            ("CARACAL_MODE", mode),
            ("CARACAL_STORAGE", "embedded"),
            ("UPSTREAM_HOST_ALLOWLIST", upstreams),
            ("CARACAL_PRIVATE_EGRESS_HOSTS", private),
        ];
        let refused = read(&pairs, &[Role::Gateway]).err();
        refused.map_or_else(String::new, |problem| problem.to_string())
    };
    for (upstreams, private, named) in [
        ("10.0.0.7", "", Some("UPSTREAM_HOST_ALLOWLIST names 10.0.0.7")),
        (
            "api.example.com,[::1]",
            "10.0.0.7",
            Some("UPSTREAM_HOST_ALLOWLIST names ::1"),
        ),
        (
            "169.254.169.254",
            "",
            Some("UPSTREAM_HOST_ALLOWLIST names 169.254.169.254"),
        ),
        (
            "",
            "169.254.169.254",
            Some("CARACAL_PRIVATE_EGRESS_HOSTS names 169.254.169.254"),
        ),
        (
            "",
            "[fe80::1]",
            Some("CARACAL_PRIVATE_EGRESS_HOSTS names fe80::1"),
        ),
        ("10.0.0.7,api.example.com,8.8.8.8", "10.0.0.7,*.internal", None),
        ("", "localhost,[fd12::1],100.64.0.1", None),
    ] {
        let message = problems("stable", upstreams, private);
        match named {
            Some(named) => assert!(message.contains(named), "{message}"),
            None => assert!(!message.contains("names"), "{message}"),
        }
    }
    assert!(!problems("dev", "10.0.0.7", "").contains("names"));
}

#[test]
fn a_token_of_zone_keys_is_told_whole_or_not_at_all() {
    let of = |more: &[(&str, &str)]| read(&[&[("CARACAL_MODE", "dev")], more].concat(), &[Role::Sts]);
    let [module, label, pin] = [
        ("PKCS11_MODULE", "/usr/lib/module.so"),
        ("PKCS11_TOKEN", "zones"),
        ("PKCS11_PIN", "123456"),
    ];
    let pkcs11 = ("ZONE_KEYS", "pkcs11");
    assert!(of(&[]).unwrap().zone_keys.token.is_none());
    if cfg!(not(feature = "pkcs11")) {
        let refused = of(&[module, label, pin]).unwrap_err().to_string();
        assert!(refused.contains("cannot load modules"), "{refused}");
        return;
    }
    for (given, missing) in [
        (&[pkcs11][..], "PKCS11_MODULE"),
        (&[pkcs11, module], "PKCS11_TOKEN"),
        (&[module, label], "PKCS11_PIN_FILE"),
        (&[label, pin], "PKCS11_MODULE"),
        (&[module, label, pin, ("PKCS11_SESSIONS", "0")], "PKCS11_SESSIONS"),
        (&[module, label, pin, ("PKCS11_TIMEOUT", "1ms")], "PKCS11_TIMEOUT"),
        (&[("ZONE_KEYS", "kms")], "sealed or pkcs11"),
    ] {
        let refused = of(given).unwrap_err().to_string();
        assert!(refused.contains(missing), "{missing} in {refused}");
    }
    // With keys that are sealed from now on, those that are in the token go on signing.
    for more in [&[module, label, pin][..], &[pkcs11, module, label, pin]] {
        let config = of(more).unwrap();
        assert!(config.zone_keys.token.is_some());
        assert!(!format!("{config:?}").contains("123456"));
    }
    // Nobody else needs it.
    let gateway = read(&[("CARACAL_MODE", "dev"), label], &[Role::Coordinator]);
    assert!(gateway.unwrap().zone_keys.token.is_none());
}
