-- A database that whatsapp-rust-sqlite-storage 0.7.0 (MIT) wrote, as `sqlite3 .dump`
-- gives it: a linked device with LID, one without, and one that is not linked. The
-- keys were made for this file.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE __diesel_schema_migrations (
       version VARCHAR(50) PRIMARY KEY NOT NULL,
       run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO __diesel_schema_migrations VALUES('20250814035031','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('202509230322320000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20251204000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20251211000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20251224000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260205000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260212000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260312000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260315000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260323000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260326000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260331000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260406171140','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260426000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260513000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260528000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260531000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260601000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260610000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260626000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260702000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260703000000','2026-11-24 21:16:21');
INSERT INTO __diesel_schema_migrations VALUES('20260703000001','2026-11-24 21:16:21');
CREATE TABLE IF NOT EXISTS "device" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lid TEXT NOT NULL,
    pn TEXT NOT NULL,
    registration_id INTEGER NOT NULL,
    noise_key BLOB NOT NULL,
    identity_key BLOB NOT NULL,
    signed_pre_key BLOB NOT NULL,
    signed_pre_key_id INTEGER NOT NULL,
    signed_pre_key_signature BLOB NOT NULL,
    adv_secret_key BLOB NOT NULL,
    account BLOB,
    push_name TEXT NOT NULL DEFAULT '',
    app_version_primary INTEGER NOT NULL DEFAULT 0,
    app_version_secondary INTEGER NOT NULL DEFAULT 0,
    app_version_tertiary BIGINT NOT NULL DEFAULT 0,
    app_version_last_fetched_ms BIGINT NOT NULL DEFAULT 0
, edge_routing_info BLOB, props_hash TEXT, next_pre_key_id INTEGER NOT NULL DEFAULT 0, nct_salt BLOB, server_has_prekeys BOOLEAN NOT NULL DEFAULT 0, server_cert_chain BLOB NULL, login_counter INTEGER NOT NULL DEFAULT 0, first_unupload_pre_key_id INTEGER NOT NULL DEFAULT 0, lid_migrated BOOLEAN NOT NULL DEFAULT 0, last_signed_pre_key_rotation_ms BIGINT NOT NULL DEFAULT 0, read_receipts_disabled BOOLEAN NOT NULL DEFAULT 0);
INSERT INTO device VALUES(1,'100000000000001:7@lid','5511999990001:7@s.whatsapp.net',1862540610,X'506bf6eb5f6954e19703dea03e26fc1887d04fd5f340e407e28a072b9594ed61cc2602edc1716a78c769dd0a164e445f5f5bbacdc004649824723cd174ff0221',X'6071b1118936f4c945d71707d69f1516ae7159a68a61c5f43cabcdb148a10a5389c0e86f6f0ccdb5dbdea346a719cab5880ef459731f26c1474eee93b1c96108',X'd8d6d33dcc93e85fd08f37a91f85cff625b7cca9509c67d1eec9a74bc71f2e491191d0d7c2a2ea0dc6539ca7619a079d3cb8dc88cdf1e15f03fee2d76f385e4e',1,X'e849fd5381b37ce3899073fc53bf2253e49b59dc372b7cbc06cdccebfe109d4d14592cecabb46b0278fdc291318c15fff31b8e23b0a86a3ff84e998a1b1e5a86',X'eac75118633ba24c6a47a914ff8b381fdee13573364bdd955f265eb97613dfee',NULL,'',2,3000,1042742319,0,NULL,NULL,1,NULL,0,NULL,0,0,0,1795554981761,0);
INSERT INTO device VALUES(2,'','5511999990002:3@s.whatsapp.net',1806076517,X'180fe826a3738e758ed7a9c12cd94e14e6672702128c706c9b8cc60d07f89151ea6233560d11ef3d6d20c488d100d381c6819283f44fa68f4c3edb64db10b40f',X'487409ace5262309e27d35c95686424839f2184ac010dd8b5a7f0f166b19444fb5f9de140e7634960f12ac625d20d29b3074bfa3077bed6b212a0e5664f5d070',X'08a765ca3c4beec4428f85e9b8d232e7507f13de2b15b7cbb933bfd154b5407d3a3ba415b7673c3f88d5bfd058f33806b747b182864f90c22ce4ec50f8e94263',1,X'6e77d64045343c53f971500a40de7979360521dcdb5775d39c5aed091f8a74c6b069d9d02350339ec321fba1fd815568be8e694b194be2a6b8a3ff4f291c5a03',X'352c0a3e6ddbd1afc92e506b7e91ea535c30c242cfa34b66112fa5a1d7dce50c',NULL,'',2,3000,1042742319,0,NULL,NULL,1,NULL,0,NULL,0,0,0,1795554981765,0);
INSERT INTO device VALUES(3,'','',280137751,X'b8c201da41f57a0f9b9a32177821b68dec1efaeab6b12f646c408536b921115149d2c159fb857b9c520ac65d8a905423f56cfb7d2bd9673410f124df1b72c413',X'101f1689d59bccb0e8f713383b32e43209896df6b8e130ff3649853fe10c9b611517f85f79a1208b3ade459e7c69411da232a5836d74d8e9b18e43a79a123e6f',X'107bd7c794d523cf565043a3aff53ec4ccaf79e7611238091329aab7f35a297e3c5d9610496d248a55bcb7a00cc012072b7d8474757c66a3ccca83abfe92834f',1,X'b2a6b92057872af38ae758da91c5b941ae351b9355d6b93abeac36ad90a8ee21c9991671b578747fd3e0c606036b541396c76dad2fcad72417d891fcdad97a80',X'b469d7836dbf3484e2fad17edef0f75ba31e55593c4a082e0aaaac5059fb68ce',NULL,'',2,3000,1042742319,0,NULL,NULL,1,NULL,0,NULL,0,0,0,1795554981766,0);
CREATE TABLE IF NOT EXISTS "identities" (
    address TEXT NOT NULL,
    key BLOB NOT NULL,
    device_id INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (address, device_id)
);
CREATE TABLE IF NOT EXISTS "sessions" (
    address TEXT NOT NULL,
    record BLOB NOT NULL,
    device_id INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (address, device_id)
);
CREATE TABLE IF NOT EXISTS "prekeys" (
    id INTEGER NOT NULL,
    key BLOB NOT NULL,
    uploaded BOOLEAN NOT NULL DEFAULT FALSE,
    device_id INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (id, device_id)
);
CREATE TABLE IF NOT EXISTS "sender_keys" (
    address TEXT NOT NULL,
    record BLOB NOT NULL,
    device_id INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (address, device_id)
);
CREATE TABLE IF NOT EXISTS "signed_prekeys" (
    id INTEGER NOT NULL,
    record BLOB NOT NULL,
    device_id INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (id, device_id)
);
CREATE TABLE IF NOT EXISTS "app_state_keys" (
    key_id BLOB NOT NULL,
    key_data BLOB NOT NULL,
    device_id INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (key_id, device_id)
);
CREATE TABLE IF NOT EXISTS "app_state_versions" (
    name TEXT NOT NULL,
    state_data BLOB NOT NULL,
    device_id INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (name, device_id)
);
CREATE TABLE IF NOT EXISTS "app_state_mutation_macs" (
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    index_mac BLOB NOT NULL,
    value_mac BLOB NOT NULL,
    device_id INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (name, index_mac, device_id)
);
CREATE TABLE lid_pn_mapping (
    lid TEXT NOT NULL,                      -- LID user part (e.g., "100000012345678")
    phone_number TEXT NOT NULL,             -- Phone number user part (e.g., "559980000001")
    created_at BIGINT NOT NULL,            -- Unix timestamp when mapping was first learned
    learning_source TEXT NOT NULL,          -- Source of the mapping (usync, peer_pn_message, etc.)
    updated_at BIGINT NOT NULL,            -- Unix timestamp of last update
    device_id INTEGER NOT NULL,             -- Device ID for multi-account support
    PRIMARY KEY (lid, device_id),
    FOREIGN KEY(device_id) REFERENCES device(id) ON DELETE CASCADE
);
CREATE TABLE base_keys (
    address TEXT NOT NULL,
    message_id TEXT NOT NULL,
    base_key BLOB NOT NULL,
    device_id INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')),
    PRIMARY KEY (address, message_id, device_id)
);
CREATE TABLE device_registry (
    user_id TEXT NOT NULL,
    devices_json TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    phash TEXT,
    device_id INTEGER NOT NULL DEFAULT 1,
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')), raw_id INTEGER,
    PRIMARY KEY (user_id, device_id)
);
CREATE TABLE tc_tokens (
    jid TEXT NOT NULL,
    token BLOB NOT NULL,
    token_timestamp INTEGER NOT NULL,
    sender_timestamp INTEGER,
    device_id INTEGER NOT NULL DEFAULT 1,
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')),
    PRIMARY KEY (jid, device_id)
);
CREATE TABLE sent_messages (
    chat_jid TEXT NOT NULL,
    message_id TEXT NOT NULL,
    payload BLOB NOT NULL,
    device_id INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')),
    PRIMARY KEY (chat_jid, message_id, device_id)
);
CREATE TABLE sender_key_devices (
    group_jid  TEXT    NOT NULL,
    device_jid TEXT    NOT NULL,
    has_key    INTEGER NOT NULL DEFAULT 0,
    device_id  INTEGER NOT NULL DEFAULT 1,
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')),
    PRIMARY KEY (group_jid, device_jid, device_id)
);
CREATE TABLE msg_secrets (
    chat TEXT NOT NULL,
    sender TEXT NOT NULL,
    msg_id TEXT NOT NULL,
    secret BLOB NOT NULL,
    device_id INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')), expires_at INTEGER NOT NULL DEFAULT 0, message_ts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (chat, sender, msg_id, device_id)
);
CREATE TABLE group_metadata (
    group_jid TEXT NOT NULL,
    info BLOB NOT NULL,
    device_id INTEGER NOT NULL DEFAULT 1,
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')),
    PRIMARY KEY (group_jid, device_id)
);
CREATE TABLE pending_inbound_messages (
    chat TEXT NOT NULL,
    sender TEXT NOT NULL,
    id TEXT NOT NULL,
    message BLOB NOT NULL,
    device_id INTEGER NOT NULL DEFAULT 1,
    inserted_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')),
    PRIMARY KEY (chat, sender, id, device_id)
);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('device',3);
CREATE INDEX idx_identities_device_id ON identities (device_id);
CREATE INDEX idx_sessions_device_id ON sessions (device_id);
CREATE INDEX idx_prekeys_device_id ON prekeys (device_id);
CREATE INDEX idx_sender_keys_device_id ON sender_keys (device_id);
CREATE INDEX idx_signed_prekeys_device_id ON signed_prekeys (device_id);
CREATE INDEX idx_app_state_keys_device_id ON app_state_keys (device_id);
CREATE INDEX idx_app_state_versions_device_id ON app_state_versions (device_id);
CREATE INDEX idx_app_state_mutation_macs_device_id ON app_state_mutation_macs (device_id);
CREATE INDEX idx_lid_pn_mapping_phone ON lid_pn_mapping(phone_number, device_id);
CREATE INDEX idx_base_keys_device ON base_keys (device_id);
CREATE INDEX idx_device_registry_timestamp ON device_registry (timestamp);
CREATE INDEX idx_device_registry_device ON device_registry (device_id);
CREATE INDEX idx_device_registry_updated_at ON device_registry (updated_at);
CREATE INDEX idx_tc_tokens_timestamp ON tc_tokens (token_timestamp, device_id);
CREATE INDEX idx_sent_messages_created ON sent_messages (created_at, device_id);
CREATE INDEX idx_sender_key_devices_group ON sender_key_devices (group_jid, device_id);
CREATE INDEX idx_msg_secrets_expires ON msg_secrets (device_id, expires_at);
CREATE INDEX idx_pending_inbound_inserted ON pending_inbound_messages (device_id, inserted_at);
COMMIT;
