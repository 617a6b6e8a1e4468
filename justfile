# Recipes for people; CI runs `.ci/run`, which does the same and more.

# list the recipes
default:
    @just --list

# everything that must pass before a commit
[group('check')]
check: test format lint docs licences

# the README's test command
[group('check')]
test:
    cargo test --workspace

# formatting as it should be
[group('check')]
format:
    cargo fmt --all --check

# clippy with warnings as errors
[group('check')]
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# documentation builds without warnings
[group('check')]
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# licences, duplicate bans and sources of dependencies
[group('check')]
licences:
    cargo deny check bans licenses sources

# every reader of outside bytes, with bytes that nobody wrote
[group('check')]
fuzz seconds="60":
    fuzz/run {{seconds}}

# the example workspace, served
[group('run')]
demo:
    cargo run --release -- demo

# the example PDF from its source
[group('run')]
examples:
    python3 examples/make_documents.py

# the page with which a body checks its return, without a network
[group('run')]
dry-run out="dry-run.html":
    extras/dry-run/build {{out}}
