//! The ways in over HTTP. A batch is answered when its good items are durable and its bad ones are in `reject`.

use super::refusal::Refusal;
use super::{State, body, query};
use crate::ingest::SubmitError;
use crate::ingest::decode::line::Precision;
use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use taydo_model::ErrorCode;
use taydo_model::fault::BatchAnswer;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Of {
    source: String,
}

/// What InfluxDB's clients send; `org` and others have no meaning here.
#[derive(Deserialize)]
struct Write {
    bucket: String,
    precision: Option<String>,
}

pub(super) async fn observations(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<Json<BatchAnswer>, Refusal> {
    let Of { source } = query(&request)?;
    let body = body::read(&request, payload, &state.clock).await?;
    Ok(Json(state.intake.observations(&source, &body).await.map_err(refusal)?))
}

pub(super) async fn cases(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<Json<BatchAnswer>, Refusal> {
    let Of { source } = query(&request)?;
    let body = body::read(&request, payload, &state.clock).await?;
    Ok(Json(state.intake.cases(&source, &body).await.map_err(refusal)?))
}

/// InfluxDB's clients know 204 as taken. A body of which something was taken is answered 200 with the rest's errors, one
/// of which nothing was taken is refused as a whole, so that the sender's log says so.
pub(super) async fn lines(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let Write { bucket, precision } = query(&request)?;
    let precision = match precision.as_deref() {
        None => Precision::default(),
        Some(text) => Precision::parse(text)
            .ok_or_else(|| Refusal::new(ErrorCode::Invalid, format!("the query: precision {text:?} is none of ns, us, ms, s")))?,
    };
    let body = body::read(&request, payload, &state.clock).await?;
    let answer = state.intake.lines(&bucket, &body, precision).await.map_err(refusal)?;
    match answer.errors.first() {
        None => Ok(HttpResponse::NoContent().finish()),
        Some(first) if answer.accepted == 0 => {
            let message = format!("none of {} items was taken; the first, in line {}: {}", answer.rejected, first.item + 1, first.message);
            Err(Refusal::new(first.code, message))
        }
        Some(_) => Ok(HttpResponse::Ok().json(answer)),
    }
}

fn refusal(error: SubmitError) -> Refusal {
    let refusal = Refusal::new(error.code(), error.to_string());
    error.retry_after_s().into_iter().fold(refusal, Refusal::retry_after)
}
