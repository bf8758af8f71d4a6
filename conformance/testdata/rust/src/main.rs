//! A function on Rust's Lambda client. Its handler's name says which of its
//! faces it shows.

use lambda_runtime::{
    run, service_fn,
    streaming::{channel, Body, Response},
    Error, LambdaEvent,
};
use serde_json::{json, Value};

async fn buffered(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (payload, context) = event.into_parts();
    match payload["do"].as_str() {
        Some("fail") => Err("rust failure".into()),
        Some("panic") => panic!("rust panic"),
        _ => Ok(json!({
            "got": payload,
            "id": context.request_id,
            "arn": context.invoked_function_arn,
            "memory": context.env_config.memory,
        })),
    }
}

async fn streamed(event: LambdaEvent<Value>) -> Result<Response<Body>, Error> {
    let (mut sender, body) = channel();
    let broken = event.payload["do"] == "break";
    tokio::spawn(async move {
        for part in ["one ", "two ", "three"] {
            if sender.send_data(part.into()).await.is_err() {
                return;
            }
        }
        if broken {
            sender.abort();
        }
    });
    Ok(Response::from(body))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    match std::env::var("_HANDLER").as_deref() {
        Ok("streamed") => run(service_fn(streamed)).await,
        _ => run(service_fn(buffered)).await,
    }
}
