# The usual commands under short names, for those who have just (https://just.systems).
# Nothing needs it: each line below is a command of its own.

# Everything on this machine: database, WhatsApp, the function behind HTTP.
up *FLAGS:
    cargo run -p leavectl -- up {{ FLAGS }}

# Every test.
test *FLAGS:
    cargo test --workspace {{ FLAGS }}

# The integration tests whose name has NAME in it, in every crate that has some.
it NAME:
    cargo test --workspace --test it -- {{ NAME }}

# Format, then lint as .ci/run does.
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets --locked -- -D warnings

# What a change has to pass.
check:
    .ci/run
