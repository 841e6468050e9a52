//! The paging file: what is taken, and how problems are named.

use super::*;

const GOOD: &str = r#"
[outgoing]
private = ["10.1.0.0/16"]

[[smtp]]
name = "mail"
host = "mail.cantho.gov.vn"
port = 587
tls = "starttls"
from = "Tây Đô <truc@cantho.gov.vn>"
user = "truc"
password_file = "mail.secret"

[[sms]]
name = "first"
url = "https://sms.example.vn/send"
headers = { Authorization = "Bearer {secret}" }
body = '{"to": "{address}", "text": "{text}", "ref": "{reference}"}'
secret_file = "first.secret"
reference = "/id"
accepted = { at = "/code", values = ["100"] }
[sms.status]
url = "https://sms.example.vn/messages?ref={reference}"
headers = { Authorization = "Bearer {secret}" }

[webhook]
secret_file = "webhook.secret"
"#;

#[test]
fn a_file_is_read_with_its_secrets_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::parse(GOOD, folder.path()).unwrap();
    assert_eq!(settings.channels(), [Channel::Email, Channel::Sms, Channel::Webhook]);
    assert!(format!("{:#}", settings.providers().unwrap_err()).contains("mail.secret"));
    for name in ["mail", "first", "webhook"] {
        std::fs::write(folder.path().join(format!("{name}.secret")), "0123456789abcdef\n").unwrap();
    }
    let providers = settings.providers().unwrap();
    assert_eq!(providers.iter().map(|(_, provider)| provider.name.as_str()).collect::<Vec<_>>(), ["mail", "first", "webhook"]);
}

#[test]
fn every_problem_is_named_by_what_it_is_in() {
    let bad = GOOD
        .replace("starttls", "none")
        .replace("/id\"", "id\"")
        .replace("{address}", "{adress}")
        .replace("secret_file = \"first.secret\"", "time_limit_s = 60")
        .replace("\"10.1.0.0/16\"", "\"10.1.0.0/99\"");
    let problems = Settings::parse(&bad, Path::new(".")).unwrap_err();
    for part in [
        "[outgoing] private: ",
        "mail: a password never goes over",
        "first: there is no place {adress}",
        "first: reference: \"id\" is no JSON pointer",
        "first: {secret} is used and there is no secret_file",
        "first: time_limit_s must be",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(part)), "{part}: {problems:#?}");
    }
    assert_eq!(problems.len(), 6, "{problems:#?}");
    let unknown = Settings::parse(&GOOD.replace("host =", "hots ="), Path::new(".")).unwrap_err();
    assert!(unknown.first().is_some_and(|problem| problem.contains("hots")), "{unknown:?}");
    let private = GOOD.replace("https://sms.example.vn/send", "http://192.168.1.1/send");
    assert!(Settings::parse(&private, Path::new(".")).unwrap_err().first().is_some_and(|one| one.contains("destination is private")));
}

#[test]
fn a_report_is_read_as_the_file_says_and_only_with_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("report.secret"), "0123456789abcdef\n").unwrap();
    let text = "[[sms]]\nname = \"first\"\nurl = \"https://sms.example.vn/send\"\n[sms.report]\nsecret_file = \"report.secret\"\nevent = \"/id\"\n\
         provider_reference = \"/message/id\"\nstate = \"/message/state\"\ndelivered = [\"DELIVRD\"]\nfailed = [\"EXPIRED\", \"UNDELIV\"]\n";
    let reports = Settings::parse(text, folder.path()).unwrap().reports().unwrap();
    let read = |secret: &str, body: serde_json::Value| {
        let header = |name: &str| (name == "authorization").then(|| format!("Bearer {secret}"));
        reports["first"].read(&crate::paging::Posted { header: &header, body: body.to_string().as_bytes() })
    };
    let body = |state: &str| serde_json::json!({"id": 7, "message": {"id": "p-1", "state": state}});
    let report = read("0123456789abcdef", body("UNDELIV")).unwrap();
    let receipt = report.receipt("first");
    assert_eq!((receipt.event, receipt.state), ("7", crate::store::outbox::ReceiptState::Failed));
    assert_eq!(read("0123456789abcdeF", body("DELIVRD")), Err(crate::paging::HookError::Refused));
    assert_eq!(read("0123456789abcdef", body("QUEUED")), Err(crate::paging::HookError::Indifferent));
    assert_eq!(read("0123456789abcdef", serde_json::json!({"id": 7})), Err(crate::paging::HookError::Incomplete));
}

#[test]
fn what_is_sent_to_and_from_providers_besides_is_checked_too() {
    let text = "[dead_man]\nurl = \"http://192.168.1.1/{secret}\"\n[[sms]]\nname = \"first\"\nurl = \"https://sms.example.vn/send\"\ncanary = \"0901\"\n\
         [sms.status]\nurl = \"http://10.0.0.1/{reference}\"\n[sms.reply]\nsecret_file = \"x\"\ntoken = \"X-A\"\nsignature = { header = \"X-B\" }\n\
         event = \"/id\"\ntext = \"/text\"\nfrom = \"/from\"\n[[voice]]\nname = \"calls\"\nurl = \"https://calls.example.vn/\"\n[voice.reply]\n\
         secret_file = \"x\"\nevent = \"/id\"\ntext = \"/key\"\nfrom = \"/from\"\n";
    let problems = Settings::parse(text, Path::new(".")).unwrap_err();
    for part in [
        "[dead_man]: its destination is private and refused; [outgoing] private",
        "[dead_man]: {secret} is used and there is no secret_file",
        "first: status: its destination is private",
        "first: canary needs a [report]",
        "first: canary is no telephone number",
        "first: reply: token and signature exclude each other",
        "calls: reply: name where the call's message is",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(part)), "{part}: {problems:#?}");
    }
    assert_eq!(problems.len(), 7, "{problems:#?}");
}
