#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| tencent_chat_fuzz_targets::page(data));
