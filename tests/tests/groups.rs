//! Groups, their members, data and topics against the simulator, over HTTP.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use futures_util::TryStreamExt;
use tencent_chat_client::ErrorKind;
use tencent_chat_tests::world::{NOW, World, text};
use tencent_chat_types::{
    ErrorCode,
    account::ImportAccounts,
    group::{
        AddGroupMembers, AddPermissionGroupMembers, AddPermissionGroupMembersRequired,
        AddTopicPermissions, AddTopicPermissionsRequired, BanGroupMembers, ChangeGroupOwner,
        ChangeGroupOwnerRequired, ClearGroupAttributes, CreatePermissionGroup,
        CreatePermissionGroupRequired, CreateTopic, CreateTopicRequired, DeleteGroupAttributes,
        DeleteGroupCounters, DeleteGroupMembers, DeletePermissionGroupMembers,
        DeletePermissionGroupMembersRequired, DeleteTopicPermissions,
        DeleteTopicPermissionsRequired, DestroyGroup, DestroyPermissionGroups, DestroyTopics,
        GetBannedGroupMembers, GetGroupAttributes, GetGroupCounters, GetGroupInfo,
        GetGroupMemberRoles, GetGroupMembers, GetJoinedGroups, GetLiveGroupMembers,
        GetMutedGroupMembers, GetOnlineMemberCount, GetPermissionGroupMembers,
        GetPermissionGroupMembersRequired, GetPermissionGroups, GetTopicPermissions,
        GetTopicPermissionsRequired, GetTopics, GetTopicsRequired, ImportGroup, ImportGroupMembers,
        ImportTopic, ImportTopicRequired, MarkLiveGroupMembers, ModifyGroup, ModifyGroupAttributes,
        ModifyGroupMember, ModifyGroupMemberRequired, ModifyPermissionGroup,
        ModifyPermissionGroupRequired, ModifyTopic, ModifyTopicPermissions,
        ModifyTopicPermissionsRequired, ModifyTopicRequired, MuteGroupMembers,
        ResetGroupAttributes, UnbanGroupMembers, UpdateGroupCounters,
        delete_group_attributes::GroupAttributeKey,
        get_joined_groups::JoinedGroupFilter,
        import_group_members::MemberToImport,
        mark_live_group_members::{MarkCommand, MarkedMember},
        update_group_counters::CounterMode,
    },
    message::{
        GetPinnedGroupMsgs, PinGroupMsg, SendGroupMsg, UnpinGroupMsg,
        get_pinned_group_msgs::PinnedGroupMsg,
    },
    model::{
        AddMemberOutcome, CustomField, CustomFieldRequired, GroupAttribute, GroupAttributeRequired,
        GroupCounter, GroupType, MemberAccount, MemberRole, MuteAllMember, PermissionGroupMember,
        TopicPermission,
    },
};

#[tokio::test]
async fn a_group_lives_and_ends() {
    let world = World::new().await;
    let id = world.group(GroupType::PUBLIC, "chess").await;
    let change = ModifyGroup::new(id.as_str())
        .with_name("Chess!")
        .with_mute_all_member(MuteAllMember::ON)
        .with_app_defined_data([CustomField::new(CustomFieldRequired {
            key: "City".into(),
            value: "Lyon".into(),
        })]);
    world.clock.advance(5);
    world.ok(change).await;
    let info = world
        .ok(GetGroupInfo::new([id.as_str()]))
        .await
        .group_info
        .remove(0);
    assert_eq!(info.name.as_deref(), Some("Chess!"));
    assert_eq!(
        info.introduction.as_deref(),
        Some(""),
        "what was not sent stays"
    );
    assert_eq!(info.last_info_time, Some(NOW + 5));
    assert_eq!(info.app_defined_data.unwrap()[0].value, "Lyon");
    assert_eq!(info.mute_all_member, Some(MuteAllMember::ON));

    assert_eq!(
        world
            .code(ChangeGroupOwner::new(ChangeGroupOwnerRequired {
                group_id: id.as_str().into(),
                new_owner_account: "bob".into(),
            }))
            .await,
        10004
    );
    world
        .ok(ChangeGroupOwner::new(ChangeGroupOwnerRequired {
            group_id: id.as_str().into(),
            new_owner_account: "mei".into(),
        }))
        .await;
    let roles = world
        .ok(GetGroupMemberRoles::new(id.as_str(), ["lin", "mei", "bob"]))
        .await;
    let roles: Vec<MemberRole> = roles
        .user_id_list
        .into_iter()
        .map(|user| user.role)
        .collect();
    assert_eq!(
        roles,
        [
            MemberRole::MEMBER,
            MemberRole::OWNER,
            MemberRole::NOT_MEMBER
        ]
    );

    world.ok(DestroyGroup::new(id.as_str())).await;
    assert_eq!(world.code(DestroyGroup::new(id.as_str())).await, 10010);
    assert_eq!(world.code(ModifyGroup::new("")).await, 10015);
}

#[tokio::test]
async fn members_come_and_go() {
    let world = World::new().await;
    let id = world.group(GroupType::PUBLIC, "chess").await;
    let users = ["mei", "bob", "nobody"].map(MemberAccount::new);
    let added = world
        .ok(AddGroupMembers::new(id.as_str(), users))
        .await
        .member_list;
    let outcomes: Vec<AddMemberOutcome> = added.iter().map(|member| member.result).collect();
    use AddMemberOutcome as Outcome;
    assert_eq!(
        outcomes,
        [Outcome::ALREADY_MEMBER, Outcome::ADDED, Outcome::FAILED]
    );
    world
        .ok(DeleteGroupMembers::new(id.as_str(), ["bob"]))
        .await;

    world
        .ok(ModifyGroup::new(id.as_str()).with_max_member_num(3_u64))
        .await;
    let full = AddGroupMembers::new(id.as_str(), [MemberAccount::new("bob")]);
    assert_eq!(world.code(full).await, 10014);
    let many = (0..301).map(|number| MemberAccount::new(number.to_string()));
    assert_eq!(
        world.code(AddGroupMembers::new(id.as_str(), many)).await,
        10005
    );

    let change = ModifyGroupMember::new(ModifyGroupMemberRequired {
        group_id: id.as_str().into(),
        member_account: "mei".into(),
    })
    .with_role(MemberRole::ADMIN)
    .with_name_card("M.")
    .with_mute_time(60_u32)
    .with_app_member_defined_data([CustomField::new(CustomFieldRequired {
        key: "Elo".into(),
        value: "1850".into(),
    })]);
    world.ok(change).await;
    let owner = ModifyGroupMember::new(ModifyGroupMemberRequired {
        group_id: id.as_str().into(),
        member_account: "lin".into(),
    })
    .with_role(MemberRole::MEMBER);
    assert_eq!(world.code(owner).await, 10007);
    assert_eq!(
        world
            .code(ModifyGroupMember::new(ModifyGroupMemberRequired {
                group_id: id.as_str().into(),
                member_account: "bob".into(),
            }))
            .await,
        10004
    );
    let admins = GetGroupMembers::new(id.as_str()).with_member_role_filter([MemberRole::ADMIN]);
    let admins = world.ok(admins).await;
    assert_eq!((admins.member_num, admins.member_list.len()), (3, 1));
    let mei = &admins.member_list[0];
    assert_eq!(mei.name_card.as_deref(), Some("M."));
    assert_eq!(mei.mute_until, Some(NOW + 60));

    world
        .ok(MuteGroupMembers::new(id.as_str(), ["ada"], u32::MAX))
        .await;
    let muted = world
        .ok(GetMutedGroupMembers::new(id.as_str()))
        .await
        .muted_account_list;
    assert_eq!(muted.len(), 2);
    assert_eq!(
        (muted[0].member_account.as_str(), muted[0].muted_until),
        ("ada", u64::MAX)
    );
    world.clock.advance(61);
    world
        .ok(MuteGroupMembers::new(id.as_str(), ["ada"], 0))
        .await;
    assert!(
        world
            .ok(GetMutedGroupMembers::new(id.as_str()))
            .await
            .muted_account_list
            .is_empty()
    );
    let work = world.group(GroupType::WORK, "work").await;
    assert_eq!(
        world.code(MuteGroupMembers::new(work, ["ada"], 1)).await,
        10007
    );
}

#[tokio::test]
async fn every_way_of_paging_lists_every_member_once() {
    let world = World::new().await;
    let users: Vec<String> = (0..25).map(|number| format!("user{number:02}")).collect();
    world.ok(ImportAccounts::new(users.clone())).await;
    let group = world.group(GroupType::PUBLIC, "chess").await;
    let (community, _) = world.community().await;
    let mut expected: Vec<String> = users.clone();
    expected.extend(["ada", "lin", "mei"].map(str::to_owned));
    expected.sort();
    for (id, first) in [(group, None), (community, Some(""))] {
        let members = users.iter().map(|user| MemberAccount::new(user.as_str()));
        world.ok(AddGroupMembers::new(id.as_str(), members)).await;
        let mut request = GetGroupMembers::new(id.as_str()).with_limit(4_u64);
        request.next = first.map(str::to_owned);
        let mut items = world.client.items(request);
        let mut seen = Vec::new();
        while let Some(member) = items.next_item().await {
            seen.push(member.unwrap().member_account);
        }
        assert_eq!(seen, expected, "{id}");
    }
    // A community without its cursor is refused; live groups have no list.
    let (community, _) = world.community().await;
    assert_eq!(world.code(GetGroupMembers::new(community)).await, 10004);
    let live = world.live_group().await;
    assert_eq!(world.code(GetGroupMembers::new(live)).await, 10007);
}

#[tokio::test]
async fn groups_that_a_user_has_joined() {
    let world = World::new().await;
    for number in 0..7 {
        world
            .group(GroupType::PUBLIC, &format!("group{number}"))
            .await;
    }
    world.live_group().await;
    let mut items = world
        .client
        .items(GetJoinedGroups::new("mei").with_limit(3_u64));
    let mut seen = Vec::new();
    while let Some(group) = items.next_item().await {
        seen.push(group.unwrap().group_id);
    }
    assert_eq!(
        seen,
        (0..7).map(|n| format!("group{n}")).collect::<Vec<_>>()
    );
    let filter = JoinedGroupFilter::new()
        .with_group_base_info_filter(["Name"])
        .with_self_info_filter(["Role"]);
    let with_live = GetJoinedGroups::new("mei").with_with_huge_groups(true);
    let all = world.ok(with_live.with_response_filter(filter)).await;
    assert_eq!(all.total_count, 8);
    let one = all.group_id_list.last().unwrap();
    assert_eq!(one.name.as_deref(), Some("a group"));
    assert_eq!((&one.r#type, &one.create_time), (&None, &None));
    assert_eq!(
        one.self_info.as_ref().unwrap().role,
        Some(MemberRole::MEMBER)
    );
    assert_eq!(world.code(GetJoinedGroups::new("nobody")).await, 10004);
}

#[tokio::test]
async fn groups_are_imported() {
    let world = World::new().await;
    let group = ImportGroup::new(GroupType::PUBLIC, "Old")
        .with_group_id("old")
        .with_owner_account("lin")
        .with_create_time(NOW - 1_000);
    world.ok(group.clone()).await;
    assert_eq!(world.code(group).await, 10021);
    assert_eq!(
        world
            .code(ImportGroup::new(GroupType::AV_CHAT_ROOM, "Live"))
            .await,
        10007
    );
    let members = [
        MemberToImport::new("mei")
            .with_role(MemberRole::ADMIN)
            .with_join_time(NOW - 900),
        MemberToImport::new("lin"),
        MemberToImport::new("nobody"),
    ];
    let reply = world.ok(ImportGroupMembers::new("old", members)).await;
    let outcomes: Vec<i64> = reply
        .member_list
        .iter()
        .map(|member| member.result.0)
        .collect();
    assert_eq!(outcomes, [1, 2, 0]);
    let info = world
        .ok(GetGroupInfo::new(["old"]))
        .await
        .group_info
        .remove(0);
    assert_eq!(info.create_time, Some(NOW - 1_000));
    assert_eq!(info.member_list.unwrap()[1].join_time, Some(NOW - 900));
}

#[tokio::test]
async fn attributes() {
    let world = World::new().await;
    let id = world.group(GroupType::PUBLIC, "chess").await;
    let id = id.as_str();
    let read = async || {
        let attributes = world.ok(GetGroupAttributes::new(id)).await.group_attr_ary;
        let pairs = attributes
            .into_iter()
            .map(|attribute| (attribute.key, attribute.value));
        pairs.collect::<Vec<(String, String)>>()
    };
    let pair = |key: &str, value: &str| {
        GroupAttribute::new(GroupAttributeRequired {
            key: key.into(),
            value: value.into(),
        })
    };
    world
        .ok(ModifyGroupAttributes::new(
            id,
            [pair("a", "1"), pair("b", "2")],
        ))
        .await;
    world
        .ok(ModifyGroupAttributes::new(id, [pair("b", "")]))
        .await;
    assert_eq!(
        read().await,
        [("a".into(), "1".into()), ("b".into(), String::new())]
    );
    world
        .ok(DeleteGroupAttributes::new(
            id,
            [GroupAttributeKey::new("a")],
        ))
        .await;
    let unknown = DeleteGroupAttributes::new(id, [GroupAttributeKey::new("a")]);
    assert_eq!(world.code(unknown).await, 10050);
    world
        .ok(ResetGroupAttributes::new(id, [pair("c", "3")]))
        .await;
    assert_eq!(read().await, [("c".into(), "3".into())]);
    world
        .ok(ModifyGroupAttributes::new(id, [pair("c", "3")]))
        .await;
    // Five writes in a second are the limit, not counting the refused one.
    assert_eq!(world.code(ClearGroupAttributes::new(id)).await, 10049);
    world.clock.advance(1);
    world.ok(ClearGroupAttributes::new(id)).await;
    assert!(read().await.is_empty());

    let long = ModifyGroupAttributes::new(id, [pair(&"k".repeat(33), "")]);
    assert_eq!(
        world.client.send(&long).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
    assert_eq!(world.code(long).await, 10045);
    let value = "v".repeat(4_001);
    assert_eq!(
        world
            .code(ModifyGroupAttributes::new(id, [pair("k", &value)]))
            .await,
        10046
    );
    let many: Vec<GroupAttribute> = (0..17).map(|n| pair(&n.to_string(), "")).collect();
    assert_eq!(
        world.code(ModifyGroupAttributes::new(id, many)).await,
        10047
    );
    let large: Vec<GroupAttribute> = (0..5).map(|n| pair(&n.to_string(), &value[1..])).collect();
    assert_eq!(
        world.code(ModifyGroupAttributes::new(id, large)).await,
        10048
    );
}

#[tokio::test]
async fn counters() {
    let world = World::new().await;
    let id = world.group(GroupType::PUBLIC, "chess").await;
    let update = |mode, value| {
        let counters = [GroupCounter::new("wins", value)];
        UpdateGroupCounters::new(id.as_str(), counters).with_mode(mode)
    };
    let steps = [
        (CounterMode::INCREASE, 2, 2),
        (CounterMode::SET, i64::MAX, i64::MAX),
        (CounterMode::SET, 5, 5),
        (CounterMode::DECREASE, 6, -1),
    ];
    for (mode, value, expected) in steps {
        let reply = world.ok(update(mode, value)).await;
        assert_eq!(reply.group_counter[0].value, expected);
    }
    let keys = GetGroupCounters::new(id.as_str()).with_group_counter_keys(["wins", "losses"]);
    assert_eq!(world.ok(keys).await.group_counter.len(), 1);
    let many = (0..20).map(|number| GroupCounter::new(number.to_string(), 0));
    assert_eq!(
        world
            .code(UpdateGroupCounters::new(id.as_str(), many))
            .await,
        10063
    );
    world.ok(DeleteGroupCounters::new(id.as_str())).await;
    assert!(
        world
            .ok(GetGroupCounters::new(id.as_str()))
            .await
            .group_counter
            .is_empty()
    );
    let (community, _) = world.community().await;
    assert_eq!(world.code(GetGroupCounters::new(community)).await, 10007);
}

#[tokio::test]
async fn topics() {
    let world = World::new().await;
    let (id, topic) = world.community().await;
    let id = id.as_str();
    let own = format!("{id}@TOPIC#_endgames");
    let create = CreateTopic::new(CreateTopicRequired {
        group_id: id.into(),
        topic_name: "Endgames".into(),
    })
    .with_topic_id(own.as_str());
    assert_eq!(world.ok(create.clone()).await.topic_id, own);
    assert_eq!(world.code(create).await, 10025);
    let import = ImportTopic::new(ImportTopicRequired {
        group_id: id.into(),
        topic_name: "Endgames".into(),
    })
    .with_topic_id(own.as_str());
    assert_eq!(world.code(import).await, 10021);
    let elsewhere = CreateTopic::new(CreateTopicRequired {
        group_id: id.into(),
        topic_name: "x".into(),
    })
    .with_topic_id("other@TOPIC#_x");
    assert_eq!(world.code(elsewhere).await, 10004);
    let public = world.group(GroupType::PUBLIC, "chess").await;
    assert_eq!(
        world
            .code(CreateTopic::new(CreateTopicRequired {
                group_id: public,
                topic_name: "x".into(),
            }))
            .await,
        10007
    );

    let change = ModifyTopic::new(ModifyTopicRequired {
        group_id: id.into(),
        topic_id: own.as_str().into(),
    })
    .with_notification("Hush");
    world
        .ok(change.with_mute_all_member(MuteAllMember::ON))
        .await;
    assert_eq!(
        world
            .code(ModifyTopic::new(ModifyTopicRequired {
                group_id: id.into(),
                topic_id: "gone".into(),
            }))
            .await,
        10010
    );
    let mute = MuteGroupMembers::new(id, ["mei"], 60).with_topic_id(own.as_str());
    world.ok(mute).await;
    let asked = GetTopics::new(GetTopicsRequired {
        group_id: id.into(),
        from_account: "mei".into(),
    })
    .with_topic_id_list([own.as_str(), "gone"]);
    let read = world.ok(asked.clone()).await.topic_and_self_info;
    let info = read[0].topic_info.as_ref().unwrap();
    assert_eq!(info.notification.as_deref(), Some("Hush"));
    assert_eq!(
        (info.next_msg_seq, info.group_id.as_deref()),
        (Some(1), Some(id))
    );
    assert_eq!(read[0].self_info.as_ref().unwrap().shut_up_time, Some(60));
    assert_eq!(read[1].error_code, ErrorCode::TOPIC_NOT_FOUND);
    let filtered = world.ok(asked.with_response_filter(["TopicName"])).await;
    let info = filtered.topic_and_self_info[0].topic_info.as_ref().unwrap();
    assert_eq!(
        (info.topic_name.as_deref(), &info.notification),
        (Some("Endgames"), &None)
    );
    assert_eq!(
        world
            .ok(GetTopics::new(GetTopicsRequired {
                group_id: id.into(),
                from_account: "mei".into(),
            }))
            .await
            .topic_and_self_info
            .len(),
        2
    );

    let ids = [topic.as_str(), own.as_str(), "gone"];
    let gone = world
        .ok(DestroyTopics::new(id, ids))
        .await
        .destroy_result_item;
    let codes: Vec<i64> = gone.iter().map(|topic| topic.error_code.0).collect();
    assert_eq!(codes, [0, 0, 110_003]);
    assert!(
        world
            .ok(GetTopics::new(GetTopicsRequired {
                group_id: id.into(),
                from_account: "mei".into(),
            }))
            .await
            .topic_and_self_info
            .is_empty()
    );
}

#[tokio::test]
async fn live_groups() {
    let world = World::new().await;
    let id = world.live_group().await;
    let id = id.as_str();
    assert_eq!(
        world
            .ok(GetOnlineMemberCount::new(id))
            .await
            .online_member_num,
        2
    );
    let add = AddGroupMembers::new(id, [MemberAccount::new("bob")]);
    assert_eq!(world.code(add).await, 10007);
    let marked = [
        MarkedMember::new("mei", [1_000]),
        MarkedMember::new("ada", [1_000, 600]),
        MarkedMember::new("bob", [1_000]),
    ];
    let reply = world
        .ok(MarkLiveGroupMembers::new(id, MarkCommand::SET, marked))
        .await;
    assert_eq!(reply.member_list.len(), 2, "bob is not there");
    let list = async |request: GetLiveGroupMembers| {
        let mut items = world.client.items(request);
        let mut users = Vec::new();
        while let Some(member) = items.next_item().await {
            users.push(member.unwrap().member_account);
        }
        users
    };
    assert_eq!(
        list(GetLiveGroupMembers::new(id)).await,
        ["mei"],
        "ada is hidden"
    );
    let marked = GetLiveGroupMembers::new(id).with_mark(1_000_u64);
    assert_eq!(list(marked.clone()).await, ["ada", "mei"]);
    let off = [MarkedMember::new("ada", [1_000])];
    world
        .ok(MarkLiveGroupMembers::new(id, MarkCommand::DELETE, off))
        .await;
    assert_eq!(list(marked).await, ["mei"]);
    let low = MarkLiveGroupMembers::new(id, MarkCommand::SET, [MarkedMember::new("mei", [7])]);
    assert_eq!(world.code(low).await, 10004);
    let nobody =
        MarkLiveGroupMembers::new(id, MarkCommand::SET, [MarkedMember::new("bob", [1_000])]);
    assert_eq!(world.code(nobody).await, 10004);

    world
        .ok(BanGroupMembers::new(id, ["mei", "ada", "bob"], 60))
        .await;
    assert_eq!(
        world
            .ok(GetOnlineMemberCount::new(id))
            .await
            .online_member_num,
        0
    );
    let refused = world.simulator.join_group("mei", id).unwrap_err();
    assert_eq!(refused.code, ErrorCode::GROUP_PERMISSION_DENIED);
    let mut items = world
        .client
        .items(GetBannedGroupMembers::new(id).with_limit(2_u64));
    let mut banned = Vec::new();
    while let Some(member) = items.next_item().await {
        let member = member.unwrap();
        assert_eq!(member.banned_until, NOW + 60);
        banned.push(member.member_account);
    }
    assert_eq!(banned, ["ada", "bob", "mei"]);
    world.ok(UnbanGroupMembers::new(id, ["mei"])).await;
    world.simulator.join_group("mei", id).unwrap();
    world.clock.advance(60);
    world.simulator.join_group("ada", id).unwrap();
    let public = world.group(GroupType::PUBLIC, "chess").await;
    assert_eq!(
        world.code(BanGroupMembers::new(public, ["mei"], 60)).await,
        10007
    );
}

#[tokio::test]
async fn permission_groups_hold_permissions_topics_and_members() {
    let world = World::new().await;
    let (id, topic) = world.community().await;
    let own = CreatePermissionGroup::new(CreatePermissionGroupRequired {
        group_id: id.as_str().into(),
        permission_group_name: "Referees".into(),
        permission: 5,
    })
    .with_permission_group_id("@PMG#_referees")
    .with_custom_string("season 7");
    let answered = world.ok(own.clone()).await.permission_group_id;
    assert_eq!(answered.as_deref(), Some("@PMG#_referees"));
    assert_eq!(world.code(own).await, 10004, "the id is taken");
    let public = world.group(GroupType::PUBLIC, "public").await;
    let wrong = CreatePermissionGroup::new(CreatePermissionGroupRequired {
        group_id: public,
        permission_group_name: "Referees".into(),
        permission: 5,
    });
    assert_eq!(world.code(wrong).await, 10007);
    for number in 0..4 {
        let name = format!("Group {number}");
        world
            .ok(CreatePermissionGroup::new(CreatePermissionGroupRequired {
                group_id: id.as_str().into(),
                permission_group_name: name,
                permission: number,
            }))
            .await;
    }

    let rename = ModifyPermissionGroup::new(ModifyPermissionGroupRequired {
        group_id: id.as_str().into(),
        permission_group_id: "@PMG#_referees".into(),
    });
    world.ok(rename.with_permission_group_name("Umpires")).await;
    let one = GetPermissionGroups::new(id.as_str());
    let one = one.with_permission_group_id_list(["@PMG#_referees", "@PMG#_nobody"]);
    let one = world.ok(one).await.permission_group_info_list;
    assert_eq!(one.len(), 1);
    assert_eq!(one[0].permission_group_name.as_deref(), Some("Umpires"));
    assert_eq!(one[0].permission, Some(5), "what was not sent stays");
    assert_eq!(one[0].custom_string.as_deref(), Some("season 7"));
    let all = GetPermissionGroups::new(id.as_str()).with_limit(20_u64);
    let all: Vec<_> = world.client.items(all).try_collect().await.unwrap();
    let ids: Vec<_> = (all.into_iter())
        .map(|info| info.permission_group_id.unwrap())
        .collect();
    assert_eq!(ids.len(), 5, "over two pages of the simulator");

    let permissions = [
        TopicPermission::new(topic.as_str(), 9),
        TopicPermission::new("nowhere", 1),
    ];
    let added = AddTopicPermissions::new(AddTopicPermissionsRequired {
        group_id: id.as_str().into(),
        permission_group_id: "@PMG#_referees".into(),
        topic_permission_list: permissions.into(),
    });
    let added = world.ok(added).await.topic_permission_result_list.unwrap();
    let codes: Vec<i64> = added.iter().map(|result| result.error_code.0).collect();
    assert_eq!(codes[0], 0);
    assert_ne!(codes[1], 0, "there is no such topic");
    let changed = [TopicPermission::new(topic.as_str(), 8)];
    world
        .ok(ModifyTopicPermissions::new(
            ModifyTopicPermissionsRequired {
                group_id: id.as_str().into(),
                permission_group_id: "@PMG#_referees".into(),
                topic_permission_list: changed.into(),
            },
        ))
        .await;
    let read = GetTopicPermissions::new(GetTopicPermissionsRequired {
        group_id: id.as_str().into(),
        permission_group_id: "@PMG#_referees".into(),
    });
    let list = world.ok(read.clone()).await.topic_permission_result_list;
    assert_eq!((list.len(), list[0].permission), (1, Some(8)));
    let taken = DeleteTopicPermissions::new(DeleteTopicPermissionsRequired {
        group_id: id.as_str().into(),
        permission_group_id: "@PMG#_referees".into(),
        topic_id_list: vec![topic.as_str().into()],
    });
    world.ok(taken).await;
    let list = world.ok(read).await.topic_permission_result_list;
    assert!(list.is_empty());

    let members = ["lin", "mei", "ada", "bob"].map(PermissionGroupMember::new);
    let added = AddPermissionGroupMembers::new(AddPermissionGroupMembersRequired {
        group_id: id.as_str().into(),
        permission_group_id: "@PMG#_referees".into(),
        member_list: members.into(),
    });
    world.ok(added).await;
    let members = async || {
        let request = GetPermissionGroupMembers::new(GetPermissionGroupMembersRequired {
            group_id: id.as_str().into(),
            permission_group_id: "@PMG#_referees".into(),
        });
        let request = request.with_limit(2_u64);
        let members: Vec<_> = world.client.items(request).try_collect().await.unwrap();
        let names = members.into_iter().map(|member| member.member_account);
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        members().await,
        ["ada", "lin", "mei"],
        "bob is not a member"
    );
    let ada = [PermissionGroupMember::new("ada")];
    world
        .ok(DeletePermissionGroupMembers::new(
            DeletePermissionGroupMembersRequired {
                group_id: id.as_str().into(),
                permission_group_id: "@PMG#_referees".into(),
                member_list: ada.into(),
            },
        ))
        .await;
    world
        .ok(DeleteGroupMembers::new(id.as_str(), ["mei"]))
        .await;
    assert_eq!(members().await, ["lin"], "who leaves is out of everything");

    let gone = DestroyPermissionGroups::new(id.as_str(), ["@PMG#_referees", "@PMG#_nobody"]);
    let outcome = world.client.batch(gone).await;
    let done: Vec<bool> = outcome.iter().map(|(_, item)| item.is_done()).collect();
    assert_eq!(done, [true, false]);
    let gone = GetTopicPermissions::new(GetTopicPermissionsRequired {
        group_id: id.as_str().into(),
        permission_group_id: "@PMG#_referees".into(),
    });
    assert_eq!(world.code(gone).await, 10004);
}

#[tokio::test]
async fn messages_are_pinned_the_latest_first_and_ten_at_most() {
    let world = World::new().await;
    let id = world.group(GroupType::PUBLIC, "chess").await;
    for number in 1..=11 {
        world
            .ok(SendGroupMsg::new(id.as_str(), text("e4")).with_random(number))
            .await;
    }
    for seq in 1..=10 {
        let pin = PinGroupMsg::new(id.as_str(), seq).with_pinner_account("lin");
        world.ok(pin).await;
    }
    assert_eq!(world.code(PinGroupMsg::new(id.as_str(), 10)).await, 10071);
    assert_eq!(world.code(PinGroupMsg::new(id.as_str(), 11)).await, 10070);
    assert_eq!(world.code(PinGroupMsg::new(id.as_str(), 12)).await, 10004);
    for seq in 1..=9 {
        world.ok(UnpinGroupMsg::new(id.as_str(), seq)).await;
    }
    world.ok(PinGroupMsg::new(id.as_str(), 11)).await;
    let pinned = world.ok(GetPinnedGroupMsgs::new(id.as_str())).await;
    assert_eq!(
        pinned.pinned_msg_list,
        [
            PinnedGroupMsg::new(11, "administrator"),
            PinnedGroupMsg::new(10, "lin")
        ]
    );

    let (community, topic) = world.community().await;
    let message = SendGroupMsg::new(community.as_str(), text("e4")).with_random(1);
    world.ok(message.with_topic_id(topic.as_str())).await;
    let pin = PinGroupMsg::new(community.as_str(), 1);
    assert_eq!(world.code(pin.clone()).await, 10004, "a topic is needed");
    world.ok(pin.with_topic_id(topic.as_str())).await;
    let pinned = GetPinnedGroupMsgs::new(community).with_topic_id(topic);
    assert_eq!(world.ok(pinned).await.pinned_msg_list.len(), 1);
    let live = world.live_group().await;
    assert_eq!(world.code(PinGroupMsg::new(live, 1)).await, 10007);
}
