//! Lets `dlsym` find this program's own `getrandom`: that is how some crates ask for it.

fn main() {
    println!("cargo:rustc-link-arg-bins=-Wl,--export-dynamic-symbol=getrandom");
    println!("cargo:rerun-if-changed=build.rs");
}
