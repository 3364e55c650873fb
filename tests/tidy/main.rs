//! The invariants of the code map as tests: a rule without one is a wish.

mod architecture;
mod shape;
mod source;

/// Fails with every broken rule at once, each as a sentence that says what to do.
fn report(broken: Vec<String>) {
    assert!(broken.is_empty(), "{} places break a rule:\n  {}", broken.len(), broken.join("\n  "));
}

#[test]
fn comments_and_literals_are_not_code() {
    let text =
        "let a = \"fn { println!\"; // { fn\nlet b = r#\"}\" {\"#; /* { /* } */ \n */ let c = '{'; let d: &'a str = x;";
    let code = source::blank(text);
    assert!(!code.contains(['{', '}', '!']), "{code}");
    assert_eq!((code.lines().count(), code.len()), (3, text.len()));
    assert!(code.contains("&'a str = x;"), "{code}");
}

#[test]
fn functions_are_found_and_measured() {
    let text = "impl A {\n    pub fn a(\n        &self,\n    ) -> [u8; 4] {\n        b({ 1 })\n    }\n    fn c();\n}\nfn d() {}\n".to_string();
    let file = source::Source { path: "src/x.rs".to_string(), text };
    let found: Vec<_> = file.functions().iter().map(|function| (function.line, function.length)).collect();
    assert_eq!(found, [(2, 5), (9, 1)]);
}

#[test]
fn test_modules_are_left_out_of_the_rules_about_what_code_does() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n#[cfg(test)]\nmod c;\nfn d() {}\n".to_string();
    let file = source::Source { path: "src/x.rs".to_string(), text };
    let lines: Vec<_> = file.code().into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [1, 8]);
}
