//! The engine against plain code that follows the definitions word for word, on streams that arrive as badly as they
//! do in a city. Nothing here may use the engine's own parts: only what the shell can call.

mod aggregates;
mod cases;
mod city;
mod derived;
mod periods;
mod plain;
mod quality;
mod shell;
mod swap;
mod windows;
