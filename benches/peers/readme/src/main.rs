//! Sends a message and pages through a listing. A command without a type is not possible.

use tencent_im_rs::{
    api::v4::{
        TencentHelper,
        common::{MsgBody, MsgContent},
        open_im::send_msg::{SendMsgRequest, api_sendmsg},
        recent_contact::get_contact_group::{GetContactGroupRequest, api_get_contact_group},
    },
    user_sig::hmac_sha256::TencentSig,
};

const APP: u32 = 1_400_000_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let signer = TencentSig::new(APP, std::env::var("CHAT_KEY")?);
    let sig = signer
        .generate_user_sig("administrator".into(), 86_400)
        .ok_or("no signature")?;
    // `TencentDomain` has addresses with a scheme, to which `make_url` adds another.
    let domain = "sg.api.im.qcloud.com".to_owned();
    let mut helper = TencentHelper::new(domain, APP, "administrator".into(), sig);

    let content = MsgContent::content_text("Dinner at seven?");
    let body = vec![MsgBody::new(MsgContent::str_text(), content)];
    let mut message = SendMsgRequest::new("mei", 7, body);
    message.set_msg_lifetime(Some(3600));
    let sent = api_sendmsg(&mut helper, message).await?;
    match sent.error_code {
        Some(0) => println!("{:?}", sent.msg_key),
        code => return Err(format!("error code {code:?}").into()),
    }

    let mut start = 0;
    loop {
        let request = GetContactGroupRequest::new("lin", start);
        let page = api_get_contact_group(&mut helper, request).await?;
        for item in page.contact_item.unwrap_or_default() {
            println!("{item:?}");
        }
        match (page.complete_flag, page.next_start_index) {
            (Some(1), _) | (_, None) => return Ok(()),
            (_, Some(next)) => start = next,
        }
    }
}
