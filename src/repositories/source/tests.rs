use super::*;

fn parse(text: &str) -> Result<Source, SourceError> {
    Source::parse(text, &FetchPolicy::public_only())
}

fn inside(network: &str, text: &str) -> Result<Source, SourceError> {
    let allowed_networks = vec![network.parse().unwrap()];
    Source::parse(text, &FetchPolicy { allowed_networks, ..FetchPolicy::public_only() })
}

#[test]
fn an_https_address_keeps_its_text_and_gets_a_name() {
    let source = parse(" https://Example.com:443/team/Tool.git/ ").unwrap();

    assert_eq!(source.to_string(), "https://example.com/team/Tool.git");
    assert_eq!(source.display_name(), "Tool");
    assert_eq!(source.normalized(), "https://example.com/team/Tool");
}

#[test]
fn github_addresses_are_the_same_in_any_case() {
    let one = parse("https://github.com/Acme/API.git").unwrap();
    let other = parse("https://github.com/acme/api").unwrap();

    assert_eq!(one.normalized(), other.normalized());
}

#[test]
fn credentials_are_refused_and_not_repeated() {
    for text in [
        "https://me:hunter2@example.com/a.git",
        "https://hunter2@example.com/a.git",
        "ssh://me:hunter2@example.com/a.git",
        "hunter2@example.com:a.git",
        "http://me:hunter2@example.com/a.git?x",
    ] {
        let error = parse(text).unwrap_err();

        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    assert_eq!(parse("https://me:pw@example.com/a").unwrap_err(), SourceError::Credentials);
}

#[test]
fn other_ways_to_reach_a_repository_are_refused_in_words() {
    assert!(matches!(parse("git@github.com:a/b.git"), Err(SourceError::Ssh(_))));
    assert!(matches!(parse("ssh://git@github.com/a/b.git"), Err(SourceError::Ssh(_))));
    for text in [
        "file:///etc",
        "git://example.com/a",
        "ftp://example.com/a",
        "ext::sh -c id",
        "fd::3",
        "javascript://x/y",
    ] {
        assert!(matches!(parse(text), Err(SourceError::Scheme(_))), "{text}");
    }
}

#[test]
fn oddities_are_refused() {
    assert_eq!(parse("  "), Err(SourceError::Empty));
    assert_eq!(parse("https://example.com/"), Err(SourceError::NoRepository));
    assert_eq!(parse("https://example.com/a?b=c"), Err(SourceError::QueryOrFragment('?')));
    assert_eq!(parse("https://example.com/a#main"), Err(SourceError::QueryOrFragment('#')));
    assert_eq!(parse("https://example.com/a\nb"), Err(SourceError::ControlCharacter));
    assert!(matches!(parse("https://exa mple.com/a"), Err(SourceError::Malformed(_))));
    let long = format!("https://example.com/{}", "a".repeat(3_000));
    assert_eq!(parse(&long), Err(SourceError::TooLong(long.len())));
}

#[test]
fn literal_addresses_of_every_private_family_are_refused() {
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[::7f00:1]",
        "[64:ff9b::7f00:1]",
        "[fc00::1]",
        "[fd12::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[2002:7f00:1::]",
        "[2001::1]",
        "[100::1]",
    ] {
        let answer = parse(&format!("https://{host}/a.git"));

        assert!(matches!(answer, Err(SourceError::Address { .. })), "{host}: {answer:?}");
    }
    assert!(parse("https://8.8.8.8/a.git").is_ok());
    assert!(parse("https://[2606:4700::1111]/a.git").is_ok());
}

#[test]
fn an_allowed_network_opens_its_addresses_and_plain_http() {
    assert!(inside("127.0.0.0/8", "http://127.0.0.1:8080/a.git").is_ok());
    assert!(inside("127.0.0.0/8", "https://127.0.0.1/a.git").is_ok());
    assert!(matches!(
        inside("127.0.0.0/8", "https://10.0.0.1/a.git"),
        Err(SourceError::Address { .. })
    ));
    assert!(matches!(inside("10.0.0.0/8", "http://8.8.8.8/a"), Err(SourceError::PlainHttp(_))));
    assert!(matches!(parse("http://example.com/a.git"), Err(SourceError::PlainHttp(_))));
}

#[test]
fn paths_are_off_until_a_root_is_allowed() {
    assert_eq!(parse("/etc"), Err(SourceError::PathsOff));
}

proptest::proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,200}") {
        let _answered = parse(&text);
    }

    #[test]
    fn what_is_written_is_read_again(path in "[a-zA-Z0-9._~%-]{1,20}/[a-zA-Z0-9._-]{1,20}") {
        if let Ok(source) = parse(&format!("https://example.com/{path}")) {
            proptest::prop_assert_eq!(parse(&source.to_string()), Ok(source));
        }
    }
}
