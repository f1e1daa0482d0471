//! The Compose files on a real Docker Engine: brought up from themselves, called, looked at, upgraded under load, taken
//! down and brought up again. `make test-compose` makes the engine, the images and the variables these cases ask for.

mod command;
mod development;
mod engine;
mod hardening;
mod runtime;
