//! The SQL views: another program reads the same figures as over HTTP, and nothing else.

use super::*;

/// What docs/sql.md tells whoever keeps the database to do.
fn told() -> String {
    let page = std::fs::read_to_string(harness::repository().join("docs/sql.md")).unwrap();
    let block = page.split("```sql").nth(1).unwrap();
    block.split("```").next().unwrap().to_owned()
}

#[tokio::test]
async fn a_reader_sees_the_same_figures_and_nothing_else() {
    let small = Small::start().await;
    small.centre.post("/api/v1/observations?source=api", &json!([observation("road.speed", "road-1", START, 30.0)])).await;
    small.pass(70);
    let point = small.recorded("road.speed", "city", "2026-03-02T01:01:00Z", is(30.0)).await;
    let case = json!([{ "id": "1", "kind": "dossier", "department": "roads", "area": "north", "opened": "2026-03-02T00:30:00Z",
                        "updated": "2026-03-02T00:40:00Z", "labels": { "applicant": "Nguyễn Văn A" } }]);
    small.centre.post("/api/v1/cases?source=desk", &case).await;

    let sql = small.database.client().await;
    sql.batch_execute(&told()).await.unwrap();
    let role =
        sql.query_one("SELECT array_to_string(rolconfig, ' '), rolsuper FROM pg_roles WHERE rolname = 'grafana'", &[]).await.unwrap();
    assert!(role.get::<_, String>(0).contains("statement_timeout=30s") && !role.get::<_, bool>(1));
    sql.batch_execute("SET SESSION AUTHORIZATION grafana").await.unwrap();
    let texts = async |query: &str| -> Vec<String> {
        let rows = sql.query(&format!("SELECT one::text FROM ({query}) AS one"), &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let reading =
        "SELECT value, quality FROM taydo_read.reading WHERE kpi = 'road.speed' AND scope = 'city' AND time = '2026-03-02T01:01:00Z'";
    assert_eq!(texts(reading).await, [format!("(30,{})", point["quality"].as_str().unwrap())]);
    let hours = "SELECT last, mean, readings FROM taydo_read.reading_1h WHERE kpi = 'road.speed' AND scope = 'city' AND time = '2026-03-02T01:00:00Z'";
    let page = small.centre.get("/api/v1/kpis/road.speed/readings?from=2026-03-02T01:00:00Z&to=2026-03-02T01:59:00Z").await.body;
    let points = page["points"].as_array().unwrap();
    let values: Vec<f64> = points.iter().filter_map(|point| point["value"].as_f64()).collect();
    let mean = values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap());
    assert_eq!(texts(hours).await, [format!("({},{mean},{})", values.last().unwrap(), points.len())]);
    assert_eq!(
        texts("SELECT metric, labels ->> 'asset' AS asset, value, state FROM taydo_read.observation").await,
        ["(road.speed,road-1,30,normal)"]
    );
    assert_eq!(texts("SELECT id, kind, department FROM taydo_read.cases").await, ["(1,dossier,roads)"]);

    let tables = sql.query("SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = 'public' AND relkind IN ('r', 'p', 'v', 'S')", &[]).await.unwrap();
    assert!(tables.len() > 40, "{}", tables.len());
    for table in tables {
        let name: String = table.get(0);
        let refused = sql.query(&format!("SELECT * FROM public.{name}"), &[]).await.map(|_| name.clone());
        assert_eq!(refused.map_err(|error| error.code().unwrap().code().to_owned()), Err("42501".to_owned()), "{name}");
    }
    for write in [
        "DELETE FROM taydo_read.cases",
        "CREATE TABLE taydo_read.own (x int)",
        "UPDATE taydo_read.series SET source = 'x'",
        "SET ROLE NONE; CREATE TABLE public.own (x int)",
    ] {
        assert!(sql.batch_execute(write).await.is_err(), "{write}");
    }
    let columns = texts("SELECT string_agg(column_name, ' ') FROM information_schema.columns WHERE table_schema = 'taydo_read'").await;
    assert!(["address", "phone", "email", "secret", "person"].iter().all(|word| !columns[0].contains(word)), "{columns:?}");
}
