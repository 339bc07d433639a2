//! Bad files: every mistake told with its line, and none of them a panic.

use std::path::Path;

use proptest::prelude::*;
use stocktake_model::Menu;
use stocktake_rules::{Facts, Rules};

fn menu() -> Menu {
    Menu::builder().pick(stocktake_model::menus::all()).build().expect("a menu")
}

fn mistakes(text: &str) -> String {
    match Rules::parse(Path::new("r.toml"), text, &menu()) {
        Ok(_) => panic!("it was taken:\n{text}"),
        Err(error) => error.to_string(),
    }
}

/// A rule with this line in place of the action, which is then on line 4.
fn action(line: &str) -> String {
    mistakes(&format!("[[rule]]\nname = 'r'\nwhen = 'true'\n{line}"))
}

/// A rule with this condition, which is on line 3.
fn condition(text: &str) -> String {
    mistakes(&format!("[[rule]]\nname = 'r'\nwhen = '''{text}'''\nnote = 'x'"))
}

#[test]
fn files_say_what_is_wrong_and_where() {
    assert_eq!(mistakes("[[rule]\n"), "r.toml, line 1: not TOML: unclosed array table, expected `]`");
    assert_eq!(mistakes("\n[rule]\nname='x'"), "r.toml, line 2: rule: rules are written as [[rule]], with two brackets");
    assert_eq!(mistakes("[[rules]]\nname='x'"), "r.toml, line 1: there is no 'rules' (did you mean 'rule'?)");
    assert_eq!(mistakes("[[rule]]\nwhen = 'true'\nnote = 'x'"), "r.toml, line 1: rule: it has no name; write name = \"…\"");
    assert_eq!(
        mistakes("[[rule]]\nname = 'r'\nnote = 'x'"),
        "r.toml, line 1: rule 'r': it has no condition; write when = '…', or when = 'true' for every event"
    );
    assert_eq!(
        mistakes("[[rule]]\nname = 'r'\nwhen = 'true'"),
        "r.toml, line 1: rule 'r': it does nothing; write refresh, webhook, command or note"
    );
    assert_eq!(
        mistakes("[[rule]]\nname='r'\nwhen='true'\nnote='x'\n[[rule]]\nname='r'\nwhen='true'\nnote='x'"),
        "r.toml, line 5: rule 'r': line 1 has a rule of this name already"
    );
    let all = mistakes("[[rule]]\nname='r'\nwen='true'\nnote=3");
    assert!(all.starts_with("3 mistakes in the rules:\n  "), "{all}");
    assert!(all.contains("line 3: rule 'r': there is no 'wen' (did you mean 'when'?)"), "{all}");
    assert!(all.contains("line 4: rule 'r'.note: it is a number; write a text in quotes"), "{all}");
}

#[test]
fn conditions_say_what_is_wrong_and_at_which_character() {
    let cases = [
        ("event.type = 'x'", "character 12: "),
        ("event.type == ", "the end"),
        ("vmm.name == 'x'", "character 1: there is no variable 'vmm' (did you mean 'vm'?)"),
        ("event.tpye == 'x'", "event has no field 'tpye' (did you mean 'type'?)"),
        ("vm.nmae == 'x'", "vm has no field 'nmae' (did you mean 'name'?)"),
        ("vm.name.startWith('x')", "there is no function 'startWith' (did you mean 'startsWith'?)"),
        ("event.message.matches('(')", "the pattern cannot be read: "),
        ("  ", "it is empty; write `true` for always"),
        ("event.payload.a.all(a, a.all(b, b.all(c, c == 1)))", "3 loops within or after each other"),
        ("['a'].map(x, x + x).map(x, x + x).map(x, x + x) == []", "3 loops within or after each other"),
        ("['a'].map(x, [x].map(y, y + y)[0]).map(x, x) == []", "3 loops within or after each other"),
        ("event.?user == 'x'", "unsupported syntax"),
    ];
    for (text, expected) in cases {
        let told = condition(text);
        assert!(told.starts_with("r.toml, line 3: rule 'r'.when: ") && told.contains(expected), "{text}: {told}");
    }
}

#[test]
fn what_is_too_large_is_refused_on_a_small_stack() {
    let long = format!("event.user == 'x'{}", " || event.user == 'x'".repeat(200));
    let chain = format!("1{} > 0", "+1".repeat(900));
    let brackets = format!("{}true{}", "(".repeat(900), ")".repeat(900));
    let nots = format!("{}true", "!".repeat(1_500));
    let minus = format!("{}1 < 0", "-".repeat(1_500));
    let lists = format!("{}1{} == 1", "[".repeat(900), "]".repeat(900));
    let dots = format!("event.payload{} == 1", ".a".repeat(900));
    let ask = "true ? ".repeat(250) + "true" + &" : true".repeat(250);
    assert!(condition(&long).contains("bytes; 2000 are taken at most"));
    assert!(condition(&chain).contains("64 are taken at most"), "{}", condition(&chain));
    // Some the parser refuses itself, some are too deep for us, some mean little and are taken: all end.
    for text in [brackets, nots, minus, lists, dots, ask] {
        let file = format!("[[rule]]\nname = 'r'\nwhen = '''{text}'''\nnote = 'x'");
        let small = std::thread::Builder::new().stack_size(512 * 1024);
        let read = small.spawn(move || {
            if let Ok(rules) = Rules::parse(Path::new("r.toml"), &file, &menu()) {
                rules.iter().for_each(|rule| drop(rule.evaluate(&Facts::default())));
            }
        });
        read.expect("a thread").join().expect("no panic");
    }
}

#[test]
fn actions_say_what_is_wrong() {
    let cases = [
        ("refresh = false", "leave it out"),
        ("refresh = []", "write true, or a list of"),
        ("refresh = [{ collection = 'vmz', ref = 'x' }]", "there is no collection 'vmz' (did you mean 'vms'?)"),
        ("refresh = [{ collection = 'vms' }]", "a target has no ref"),
        ("note = '${vm.nmae}'", "character 3: vm has no field 'nmae' (did you mean 'name'?)"),
        ("note = 'a ${vm.name'", "character 5: a '${' has no '}' that ends it"),
        ("command = []", "it says no program"),
        ("command = ['${vm.name}']", "the program itself holds no ${…}"),
        ("command = { run = ['a'], timeout = '1hour' }", "there is no unit 'hour'"),
        ("command = { run = ['a'], timeout = '1h' }", "'1h' is not between 1ms and 10m"),
        ("webhook = 'https://x'", "it is a text; write { url ="),
        ("webhook = { url = 'https://x' }", "nothing signs it"),
        ("webhook = { secret_file = 'k' }", "write url ="),
        ("webhook = { url = 'ftp://x', secret_file = 'k' }", "neither https:// nor http://"),
        ("webhook = { url = 'https://me:pw@x', secret_file = 'k' }", "it holds a user"),
        ("webhook = { url = 'https://x', secret_file = 'k', unsigned = true }", "leave one of them out"),
        ("webhook = { url = 'https://x', unsigned = true, headers = { Authorization = 'x' } }", "its value is a secret"),
        ("webhook = { url = 'https://x', unsigned = true, headers = { Host = 'x' } }", "set by stocktake itself"),
        ("webhook = { url = 'https://x', unsigned = true, headers = { X = \"a\\nb\" } }", "one line"),
        (
            "webhook = { url = 'https://x', unsigned = true, timout = '1s' }",
            "there is no 'timout' (did you mean 'timeout'?)",
        ),
    ];
    for (line, expected) in cases {
        let told = action(line);
        assert!(told.starts_with("r.toml, line 4: rule 'r'") && told.contains(expected), "{line}: {told}");
        assert!(!told.contains('\n'), "one mistake is told once: {told}");
    }
}

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "event",
        "vm",
        ".",
        ".type",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "==",
        "&&",
        "||",
        "!",
        "?",
        ":",
        ",",
        "1",
        "-",
        "0x",
        "1e9",
        "'a'",
        "\"",
        "'",
        "b'\\xff'",
        "r'",
        "\\",
        "u",
        "null",
        "true",
        ".all(x, ",
        ".map(",
        "has(",
        "has(vm.name)",
        "in",
        "matches",
        "`",
        "\u{0}",
        "é",
        "9223372036854775808",
        "type(",
        "int(",
        "string(",
        "/",
        "%",
        " ",
        "//",
        "${",
        "}",
        "@",
        "&",
        "\n",
        "// &é & x",
        "\"\"\"",
        "'''",
        "r\"",
    ]);
    prop::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

#[test]
fn comments_and_triple_quotes_are_no_danger() {
    let texts = [
        "true // &é & x",
        "true && // (\n true",
        "event.type == \"\"\"a\" && \"é\"\"\" && true",
        "'''é &é''' == '' && true",
    ];
    for when in texts {
        let file = format!("[[rule]]\nname = 'r'\nwhen = {}\nnote = 'x'", toml_text(when));
        let rules = Rules::parse(Path::new("r.toml"), &file, &menu()).expect(when);
        rules.iter().for_each(|rule| drop(rule.explain(&Facts::default())));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is written: an answer, never a panic; and what is taken can be evaluated.
    #[test]
    fn nothing_that_is_written_ends_the_program(when in words(), note in words()) {
        let mut table = toml_text(&when);
        table = format!("[[rule]]\nname = 'r'\nwhen = {table}\nnote = {}", toml_text(&note));
        match Rules::parse(Path::new("r.toml"), &table, &menu()) {
            Ok(rules) => rules.iter().for_each(|rule| drop(rule.evaluate(&Facts::default()))),
            Err(error) => prop_assert!(!error.to_string().contains("the reader of conditions fails"), "{when} / {note}: {error}"),
        }
    }
}

fn toml_text(text: &str) -> String {
    let mut out = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' | '\\' => out.extend(['\\', sign]),
            '\0' => out.push_str("\\u0000"),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
    out + "\""
}
