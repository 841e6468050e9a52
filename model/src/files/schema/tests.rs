//! The schemas beside the loader: neither accepts a key that the other doesn't know, and what is shipped fits them.

use super::super::{Problem, Role, check, scenarios};
use super::*;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A document as an editor hands it to the schema.
fn json_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(whole) => json!(i64::from_str_radix(whole.as_str(), whole.radix()).unwrap()),
        DeValue::Float(float) => json!(float.as_str().replace('_', "").parse::<f64>().unwrap()),
        DeValue::Boolean(is) => json!(is),
        DeValue::Datetime(moment) => json!(moment.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json_of(item.get_ref())).collect(),
        DeValue::Table(table) => table_of(table),
    }
}

fn table_of(table: &DeTable<'_>) -> Value {
    Value::Object(table.iter().map(|(key, value)| (key.get_ref().to_string(), json_of(value.get_ref()))).collect())
}

fn parsed(text: &str) -> Value {
    table_of(DeTable::parse(text).unwrap().get_ref())
}

/// The definition files of a folder two levels deep, with their roles.
fn folder(path: &Path) -> Vec<File> {
    let mut files = Vec::new();
    for inner in [path.to_owned()].into_iter().chain(folders(path)) {
        for path_of_file in entries(&inner).into_iter().filter(|one| one.extension().is_some_and(|end| end == "toml")) {
            let name = path_of_file.strip_prefix(path).unwrap().to_str().unwrap().to_owned();
            files.push(File { name, text: std::fs::read_to_string(&path_of_file).unwrap() });
        }
    }
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir()).collect()
}

#[test]
fn the_example_is_a_sound_city_with_every_key() {
    let (set, problems) = check(&example());
    assert!(problems.is_empty(), "{}", lines(&problems));
    let (_, problems) = scenarios(&example(), &set);
    assert!(problems.is_empty(), "{}", lines(&problems));
    let mut unseen = Vec::new();
    trees().iter().for_each(|(kind, node)| node.unseen(kind, &mut unseen));
    assert!(unseen.is_empty(), "the loader knows keys that the example in model/src/files/example lacks: {unseen:?}");
}

#[test]
fn every_description_is_of_a_key_that_there_is() {
    let mut paths = Vec::new();
    trees().iter().for_each(|(kind, node)| node.paths(kind, &mut paths));
    let wrong: Vec<_> = describe::WORDS.iter().map(|(path, _)| *path).filter(|path| !paths.iter().any(|one| one == path)).collect();
    assert!(wrong.is_empty(), "{wrong:?} are no paths");
}

#[test]
fn every_kind_of_file_has_a_schema() {
    let roles = [Role::City, Role::Calendar, Role::Metrics, Role::Assets, Role::Sources, Role::Kpis, Role::Board, Role::Walls];
    let all = roles.into_iter().chain([Role::Alerts, Role::Scenarios, Role::Duty, Role::Incidents, Role::Goals, Role::Public, Role::Stage]);
    assert_eq!(kinds(), all.map(Role::kind).collect::<Vec<_>>());
    assert!(schema("kpi").is_none());
}

#[test]
fn all_cities_of_the_repository_fit() {
    let cities = folders(&repository().join("dashboards")).into_iter().chain(folders(&repository().join("tests/cities")));
    let mut fitting = 0;
    for city in cities.filter(|city| city.join("city.toml").exists()) {
        for file in folder(&city) {
            let schema = schema(Role::of(&file.name).unwrap().kind()).unwrap();
            let validator = jsonschema::draft7::new(&schema).unwrap();
            let errors: Vec<String> =
                validator.iter_errors(&parsed(&file.text)).map(|error| format!("{}: {error:.300}", error.instance_path())).collect();
            assert!(errors.is_empty(), "{} in {}:\n{}", file.name, city.display(), errors.join("\n"));
            fitting += 1;
        }
    }
    assert!(fitting > 30, "{fitting}");
}

/// Every change of the example that keeps its syntax, at each place: a key more, or a value of another type. The loader
/// refuses all of them, and so must the schema.
#[test]
fn what_the_loader_refuses_for_a_key_or_a_type_does_not_fit() {
    for file in example().into_iter().filter(|file| file.name != MAP.0) {
        let schema = schema(Role::of(&file.name).unwrap().kind()).unwrap();
        let validator = jsonschema::draft7::new(&schema).unwrap();
        let whole = parsed(&file.text);
        assert!(validator.is_valid(&whole), "{}", file.name);
        let mut pointers = Vec::new();
        places(&whole, String::new(), &mut pointers);
        for pointer in pointers {
            let mut wrong = whole.clone();
            let value = wrong.pointer_mut(&pointer).unwrap();
            // No key is of this type.
            *value = Value::Null;
            assert!(!validator.is_valid(&wrong), "{}: null at {pointer} fits", file.name);
            let mut more = whole.clone();
            if let Some(table) = more.pointer_mut(&pointer).and_then(Value::as_object_mut)
                && !is_named(&file.name, &pointer)
            {
                table.insert("no_such_key".to_owned(), json!(1));
                assert!(!validator.is_valid(&more), "{}: an unknown key at {pointer} fits", file.name);
            }
        }
    }
}

fn places(value: &Value, pointer: String, found: &mut Vec<String>) {
    if !pointer.is_empty() {
        found.push(pointer.clone());
    }
    match value {
        Value::Object(table) => table.iter().for_each(|(key, value)| places(value, format!("{pointer}/{key}"), found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| places(value, format!("{pointer}/{at}"), found)),
        _ => {}
    }
}

/// Whether the keys there are names: then an unknown one is only another name.
fn is_named(_file: &str, pointer: &str) -> bool {
    ["areas", "departments", "teams", "assets", "labels", "only", "traffic", "readings"]
        .iter()
        .any(|name| pointer.ends_with(&format!("/{name}")))
}

#[test]
fn the_schemas_in_the_docs_are_these() {
    for kind in kinds() {
        let path = repository().join(format!("docs/schema/{kind}.json"));
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let now = serde_json::to_string_pretty(&schema(kind).unwrap()).unwrap() + "\n";
        assert!(
            text == now,
            "docs/schema/{kind}.json is not what the loader accepts: write it anew with `taydo schema {kind} > docs/schema/{kind}.json`"
        );
    }
}
