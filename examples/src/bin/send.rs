//! Sends one message, and says what to do if that fails.
//!
//! ```console
//! cargo run -p tencent-chat-examples --bin send -- lin mei "Dinner at seven?"
//! ```

use std::error::Error;
use tencent_chat_client::Client;
use tencent_chat_types::{ErrorClass, ErrorCode, message::SendMsg};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, text] = arguments.as_slice() else {
        return Err("expected: FROM TO TEXT".into());
    };
    let client = Client::from_env()?;
    let message = SendMsg::new(to, [text]).with_from_account(from);
    match client.send(&message).await {
        Ok(sent) => println!("sent, key {}", sent.msg_key.unwrap_or_default()),
        Err(error) if error.code() == Some(ErrorCode::MESSAGE_RECIPIENT_NOT_FOUND) => {
            println!("{to} is not an account yet: import it first");
        }
        Err(error) => match error.class() {
            Some(ErrorClass::Credential) => {
                println!("check the key and the administrator: {error}")
            }
            Some(ErrorClass::Quota) => println!("too fast, try again later: {error}"),
            _ => return Err(error.into()),
        },
    }
    Ok(())
}
