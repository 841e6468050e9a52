//! The engine against plain code that follows the definitions word for word, on streams that arrive as badly as they
//! do in a city. Nothing here may use the engine's own parts: only what the shell can call.

mod cases;
mod city;
mod plain;
mod quality;
mod shell;
mod swap;
mod windows;
