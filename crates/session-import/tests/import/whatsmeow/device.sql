-- The columns of whatsmeow's device table, before it knew LIDs and since. The tables that
-- whatsmeow itself makes are in `as_whatsmeow_makes_it`.
CREATE TABLE whatsmeow_device (
    jid TEXT PRIMARY KEY,
    registration_id BIGINT NOT NULL,
    noise_key bytea NOT NULL CHECK (length(noise_key) = 32),
    identity_key bytea NOT NULL,
    signed_pre_key bytea NOT NULL,
    signed_pre_key_id INTEGER NOT NULL,
    signed_pre_key_sig bytea NOT NULL,
    adv_key bytea NOT NULL,
    adv_details bytea NOT NULL,
    adv_account_sig bytea NOT NULL,
    adv_device_sig bytea NOT NULL,
    platform TEXT NOT NULL DEFAULT '',
    business_name TEXT NOT NULL DEFAULT '',
    push_name TEXT NOT NULL DEFAULT ''
);
-- With LIDs
ALTER TABLE whatsmeow_device ADD COLUMN adv_account_sig_key bytea NOT NULL DEFAULT x'';
ALTER TABLE whatsmeow_device ADD COLUMN facebook_uuid uuid;
ALTER TABLE whatsmeow_device ADD COLUMN lid TEXT;
ALTER TABLE whatsmeow_device ADD COLUMN lid_migration_ts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE whatsmeow_device ADD COLUMN companion_meta_nonce TEXT NOT NULL DEFAULT '';
