# One entrance: everything CI runs is a recipe here.

# What can be done.
default:
    @just --list

# A simulated cloud, registered, refreshed, looked at.
demo:
    cargo run --release -- demo

# Everything CI runs, in its order.
ci: fmt-check lint test deny unit lab-scenario

# Formatting, checked.
fmt-check:
    cargo fmt --all --check

# Formatting, written.
fmt:
    cargo fmt --all

# Clippy over everything, warnings are errors.
lint:
    cargo clippy --workspace --all-targets --locked -- -D warnings

# The tests, on SQLite and PostgreSQL (installs and starts what they need).
test:
    scripts/test tests

# Licences, bans and sources of all dependencies.
deny:
    scripts/test deny

# The service's unit file, by systemd's own word (installs systemd-analyze).
unit:
    scripts/test unit

# All stories against a real OpenStack (installs and starts one).
lab-scenario:
    scripts/test lab

# What an idle system costs: memory of each process, processor time of all, beside 20 providers.
bench-idle *ARGS:
    scripts/bench-idle {{ARGS}}

# Ten minutes of changes in a real OpenStack under a running server.
soak *ARGS:
    tests/openstack/soak {{ARGS}}

# Rewrites what is generated from the model: migrations, docs/inventory.md, snapshots.
bless:
    STOCKTAKE_BLESS=1 INSTA_UPDATE=always cargo test --workspace

# The refresh beside its floor on both databases, tables for docs/performance.md.
bench-refresh *ARGS:
    scripts/bench-refresh {{ARGS}}

# The queue beside its floor on both databases, tables for docs/performance.md.
bench-queue *ARGS:
    scripts/bench-queue {{ARGS}}

# Handling caught events beside bare inserts of the same rows on both databases, tables for docs/performance.md.
bench-events *ARGS:
    scripts/bench-events {{ARGS}}

# From an event at a real broker to the committed row, 50 events a second over 1,000 servers.
bench-event-latency *ARGS:
    scripts/bench-event-latency {{ARGS}}

# What happens in a real OpenStack, told by its own broker: scenes by name, or all.
lab-events *ARGS:
    tests/openstack/events {{ARGS}}
