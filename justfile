# Recipes for https://just.systems; each is one plain command.

# list the recipes
default:
    @just --list

# open the window, or run a command: just run train --preset resnet20
run *ARGS:
    cargo run --release -- {{ARGS}}

# everything that can be tested here; what needs a display or Vulkan says so when it is skipped
test *ARGS:
    cargo test --release {{ARGS}}

# On Linux its code lies at a fixed place, which spares 4 MB that would say how to move it.
# the program as others get it, target/dist/residual-lab: a third as large, as fast, three quarters of an hour to build
dist:
    cargo rustc --profile dist --bin residual-lab -- {{ if os() == "linux" { "-C relocation-model=static" } else { "" } }}

# format and lint
lint:
    cargo fmt --check
    cargo clippy --release --all-targets -- -D warnings

# what 64-bit ARM (emulated by qemu) and Windows (checked only) make of it: just check-arm kernels engine compiles count
check-arm *PARTS:
    scripts/check-arm {{PARTS}}

# speed of a training step on the CPU
bench *ARGS:
    cargo run --release -- bench {{ARGS}}

# PyTorch's speed at the same step (needs Python with torch)
bench-peers *ARGS:
    python3 benches/peers.py {{ARGS}}

# on a machine with a GPU: its numbers against the CPU's, then its speed, against PyTorch on CUDA or MPS if that is there
bench-gpu *ARGS:
    RESIDUAL_LAB_REQUIRE_PIXELS=1 cargo test --release --test devices
    python3 benches/peers.py --device gpu {{ARGS}}

# compute the reference numbers again with PyTorch (needs Python with torch)
golden:
    python3 crates/engine/tests/golden/generate.py

# cut the embedded data set again from the full one (Debian's package dataset-fashion-mnist)
subset FROM="/usr/share/datasets/fashion-mnist":
    cargo run --release -- data subset --from {{FROM}} --out assets/fashion-mnist/subset.bin
