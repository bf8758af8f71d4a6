//! Answers GET /hello behind a REST API, as a Lambda function on provided.al2023.

use lambda_http::{run, service_fn, tracing, Error, IntoResponse, Request, RequestExt, Response};
use serde_json::json;

async fn hello(request: Request) -> Result<impl IntoResponse, Error> {
    let query = request.query_string_parameters();
    let name = query.first("name").unwrap_or("World");
    tracing::info!(name, "greeting");
    let body = json!({
        "message": format!("Hello, {name}!"),
        "path": request.raw_http_path(),
    });
    Ok(Response::builder()
        .status(200)
        .header("Content-Type", "application/json")
        .body(body.to_string())?)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(hello)).await
}
