use proptest::prelude::*;

use super::*;

fn texts(source: &str, dialect: &Dialect) -> Vec<String> {
    let script = Script::new(source, dialect);
    let tokens = script.all().tokens().iter().filter_map(|token| match token {
        Token::Text(text) => Some(text.to_string()),
        _ => None,
    });
    tokens.collect()
}

#[test]
fn comments_and_computed_strings_are_no_texts() {
    let ruby = "# 'no'\n=begin\n'no'\n=end\na 'it\\'s', \"#{x(\"no\")} no\", `no`, /'no/, %w[b c], %q(d (e))\n__END__\n'no'\n";
    let swift = "// \"no\"\n/* \"no\" */ a(\"b\\\"c\", \"\\(no(\"no\"))\", #\"d\"e\"#)";
    let elixir = "# \"no\"\n[~w(a b)a, \"c\", ?\", \"\"\"\nd \"e\"\n\"\"\", :\"f g\"]";
    let erlang = "% \"no\"\n{'b c', <<\"d\">>, $\", \"e\"}.";
    let python = "# 'no'\nx(r'a', f'no', \"\"\"b\n'c'\"\"\")";

    assert_eq!(texts(ruby, &RUBY), ["it's", "b", "c", "d (e)"]);
    assert_eq!(texts(swift, &SWIFT), ["b\"c", "d\"e"]);
    assert_eq!(texts(elixir, &ELIXIR), ["a", "b", "c", "\nd \"e\"\n"]);
    assert_eq!(texts(erlang, &ERLANG), ["d", "e"]);
    assert_eq!(texts(python, &PYTHON), ["a", "b\n'c'"]);
}

#[test]
fn heredocs_are_texts_where_nothing_is_computed() {
    let source = "a <<~ONE, <<-'TWO', 'c'\n  first\nONE\n  second\n  TWO\nb 'd'\n";

    assert_eq!(texts(source, &RUBY), ["  first\n", "  second\n", "c", "d"]);
    assert_eq!(texts("a <<~ONE\n#{x}\nONE\nb 'c'\n", &RUBY), ["c"]);
}

#[test]
fn lists_pairs_and_calls_can_be_asked_for() {
    let script = Script::new("f(1, a: 'x', 'b' => [:c, d,\n 'e'], g = h('i') # j\n)\nk(", &RUBY);
    let call = script.all().calls().next().unwrap();

    assert_eq!(call.name, "f");
    assert_eq!(call.arguments.get("a").unwrap().text().unwrap(), "x");
    assert_eq!(call.arguments.get("b").unwrap().literals(), ["c", "d", "e"]);
    assert_eq!(call.arguments.get("g").unwrap().call().unwrap().name, "h");
    assert_eq!(script.problem(), Some("a `(` is never closed"));
}

#[test]
fn what_is_never_closed_is_told_with_its_line() {
    let problem = |source, dialect| Script::new(source, dialect).problem().map(str::to_owned);

    assert_eq!(problem("a\nb 'c\n", &RUBY).unwrap(), "a string in line 2 is never closed");
    assert_eq!(problem("a <<~X\nb\n", &RUBY).unwrap(), "a heredoc in line 2 is never closed");
    assert_eq!(problem("/* a", &SWIFT).unwrap(), "a comment in line 1 is never closed");
    assert_eq!(problem("a)", &PYTHON).unwrap(), "a `)` closes nothing");
    assert_eq!(problem("a(b[c])", &PYTHON), None);
}

#[test]
fn hostile_programs_take_linear_time() {
    let start = crate::platform::clock::CpuTime::start();
    for dialect in [&RUBY, &ELIXIR, &ERLANG, &SWIFT, &PYTHON] {
        for piece in [
            "(", "[{(", "a(", "a(b: ", "\"", "\"#{", "<<~A ", "/", "%w[", "~s(", "/*", "'''",
            "x\n", ")", ":\"", "\\",
        ] {
            let source = piece.repeat(40_000);
            let script = Script::new(&source, dialect);
            let all = script.all();
            assert!(all.lines().len() + all.items().len() + all.calls().count() < 2_000_000);
        }
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(source in "\\PC{0,60}|[-a-z#%~:<>\"'`/\\\\\\n =@(){}\\[\\],.|?$_!A-Z*]{0,120}") {
        for dialect in [&RUBY, &ELIXIR, &ERLANG, &SWIFT, &PYTHON] {
            let script = Script::new(&source, dialect);
            let all = script.all();
            for part in all.lines().into_iter().chain(all.items()).chain(all.groups('[')) {
                let _ = (part.pair(), part.text(), part.literals(), part.call(), part.path());
            }
            for (_, body) in all.definitions() {
                prop_assert!(body.tokens().len() <= all.tokens().len());
            }
            for call in all.calls() {
                prop_assert!(call.arguments.tokens().len() < all.tokens().len());
            }
        }
    }
}
