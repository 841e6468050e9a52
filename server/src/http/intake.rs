//! The ways in over HTTP. A batch is answered when its good items are durable and its bad ones are in `reject`.

use super::refusal::Refusal;
use super::{State, body, query};
use crate::ingest::SubmitError;
use crate::ingest::decode::line::Precision;
use crate::ingest::import::{self, ImportAnswer};
use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;
use taydo_model::ErrorCode;
use taydo_model::fault::BatchAnswer;

/// The next part of an import's file must come within this time.
const CHUNK_TIME: Duration = Duration::from_secs(60);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    source: String,
}

/// What InfluxDB's clients send; `org` and others have no meaning here.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Write {
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

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Import {
    source: String,
    exported_at: Option<Timestamp>,
}

/// A file of any size: it is read as it comes, and the sender is held back while rows are stored.
pub(super) async fn import(request: HttpRequest, mut payload: Payload, state: Data<State>) -> Result<Json<ImportAnswer>, Refusal> {
    let Import { source, exported_at } = query(&request)?;
    let (upload, file) = import::upload();
    let (clock, intake) = (state.clock.clone(), state.intake.clone());
    let feed = async move {
        loop {
            match clock.timeout(CHUNK_TIME, payload.next()).await {
                Ok(Some(Ok(chunk))) if upload.push(chunk.clone()).await => {}
                Ok(None) => return upload.finish().await,
                // Broken off, late, or no longer wanted: without `finish` the reader takes the file as cut off.
                _ => return,
            }
        }
    };
    let (answer, ()) = futures_util::join!(import::run(&intake, &source, file, exported_at), feed);
    Ok(Json(answer.map_err(refusal)?))
}

fn refusal(error: SubmitError) -> Refusal {
    let refusal = Refusal::new(error.code(), error.to_string());
    error.retry_after_s().into_iter().fold(refusal, Refusal::retry_after)
}
