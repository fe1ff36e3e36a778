//! User profiles.

use super::registry::{BadBody, Commands};
use crate::{
    limits::is_too_long,
    refusal::{Because, Refusal},
    world::Context,
};
use tencent_chat_types::{
    ErrorCode,
    account::ImportAccount,
    model::{ProfileItem, ProfileTag},
    profile::{
        GetProfiles, GetProfilesReply, SetProfile, SetProfileReply, get_profiles::UserProfile,
    },
    webhook::{ProfilePortraitSet, ProfilePortraitSetRequired},
    wire::TagValue,
};

const BAD_BODY: BadBody = BadBody {
    unparsable: |_| ErrorCode::PROFILE_PARAMETER_INVALID,
    invalid: |violation| match violation.path.as_str() {
        "To_Account" if violation.found == 0 => ErrorCode::PROFILE_ACCOUNT_MISSING,
        _ => ErrorCode::PROFILE_PARAMETER_INVALID,
    },
};

/// Beginning of the tags that apps set up themselves. The simulator takes every such tag for set up.
const CUSTOM_TAG: &str = "Tag_Profile_Custom_";

/// Standard fields that are numbers.
const NUMBERS: &[ProfileTag] = &[
    ProfileTag::BIRTHDAY,
    ProfileTag::LANGUAGE,
    ProfileTag::LEVEL,
    ProfileTag::ROLE,
];

/// Standard fields that have one of a few values.
const CHOICES: &[(ProfileTag, &[&str])] = &[
    (
        ProfileTag::GENDER,
        &[
            "Gender_Type_Unknown",
            "Gender_Type_Female",
            "Gender_Type_Male",
        ],
    ),
    (
        ProfileTag::ALLOW_TYPE,
        &[
            "AllowType_Type_NeedConfirm",
            "AllowType_Type_AllowAny",
            "AllowType_Type_DenyAny",
        ],
    ),
    (
        ProfileTag::ADMIN_FORBID_TYPE,
        &["AdminForbid_Type_None", "AdminForbid_Type_SendOut"],
    ),
];

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, set_profile);
    commands.add(BAD_BODY, get_profiles);
}

fn set_profile(context: &mut Context<'_>, request: SetProfile) -> Result<SetProfileReply, Refusal> {
    for item in &request.profile_item {
        check(item)?;
    }
    let account = context
        .state
        .accounts
        .get_mut(&request.from_account)
        .ok_or_else(|| {
            ErrorCode::PROFILE_ACCOUNT_NOT_FOUND.because("From_Account is not imported")
        })?;
    for item in &request.profile_item {
        let tag = item.tag.as_str().to_owned();
        account.profile.insert(tag, item.value.clone());
    }
    let operator = context.operator;
    context.events.tell(|time| {
        ProfilePortraitSet::new(ProfilePortraitSetRequired {
            operator_account: operator.into(),
            from_account: request.from_account,
            event_time: time,
            profile_item: request.profile_item,
        })
    });
    Ok(SetProfileReply::default())
}

fn check(item: &ProfileItem) -> Result<(), Refusal> {
    let tag = &item.tag;
    if !tag.is_known() && !tag.as_str().starts_with(CUSTOM_TAG) {
        return Err(ErrorCode::PROFILE_TAG_UNKNOWN.because(format!("{tag} is not a field")));
    }
    let fits = match &item.value {
        TagValue::Integer(number) => {
            !tag.is_known() || (NUMBERS.contains(tag) && u32::try_from(*number).is_ok())
        }
        TagValue::Text(_) => !NUMBERS.contains(tag),
        _ => false,
    };
    if !fits {
        return Err(ErrorCode::PROFILE_VALUE_TYPE_INVALID
            .because(format!("{tag} has another kind of value")));
    }
    let text = item.value.as_text().unwrap_or_default();
    // As long as it may be where a user is imported.
    if is_too_long(&ImportAccount::new("").with_nick(text)) {
        return Err(
            ErrorCode::PROFILE_VALUE_TOO_LONG.because(format!("{tag} is longer than 500 bytes"))
        );
    }
    let choices = CHOICES.iter().find(|(choice, _)| choice == tag);
    if choices.is_some_and(|(_, values)| !values.contains(&text)) {
        return Err(ErrorCode::PROFILE_VALUE_INVALID.because(format!("{tag} cannot be {text}")));
    }
    Ok(())
}

fn get_profiles(
    context: &mut Context<'_>,
    request: GetProfiles,
) -> Result<GetProfilesReply, Refusal> {
    let mut reply = GetProfilesReply::default();
    let mut failed = Vec::new();
    for user in request.to_account {
        match context.state.accounts.get(&user) {
            Some(account) => {
                let value = |tag: &ProfileTag| account.profile.get(tag.as_str());
                let items = request
                    .tag_list
                    .iter()
                    .filter_map(|tag| Some(ProfileItem::new(tag.clone(), value(tag)?.clone())));
                let profile = UserProfile::new(user, ErrorCode::OK).with_result_info("");
                reply
                    .user_profile_item
                    .push(profile.with_profile_item(items.collect::<Vec<_>>()));
            }
            None => {
                let profile = UserProfile::new(user.clone(), ErrorCode::PROFILE_ACCOUNT_NOT_FOUND);
                reply
                    .user_profile_item
                    .push(profile.with_result_info("the user is not imported"));
                failed.push(user);
            }
        }
    }
    reply.fail_account = (!failed.is_empty()).then_some(failed);
    Ok(reply)
}
