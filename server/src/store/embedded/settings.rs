//! The private cluster's configuration files, written anew at every start.
//!
//! They must never open a TCP port, or let in anybody but the server's own account.

use super::{EmbeddedError, account::Account};
use std::path::Path;

/// The database role, and the database, that the server works with.
pub(super) const NAME: &str = "taydo";
/// The port, which for a Unix socket is only a part of its name.
pub(super) const PORT: u16 = 5432;

/// Writes the three files into the cluster's folder.
pub(super) fn write(cluster: &Path, sockets: &Path, server: &Account) -> Result<(), EmbeddedError> {
    let files = [
        ("postgresql.conf", postgresql_conf(sockets)),
        ("pg_hba.conf", format!("# Written by taydo at every start.\nlocal all {NAME} peer map={NAME}\n")),
        ("pg_ident.conf", format!("# Written by taydo at every start.\n{NAME} \"{}\" {NAME}\n", server.name)),
    ];
    for (name, text) in files {
        let path = cluster.join(name);
        // The file exists since initdb made it, so it keeps its owner.
        std::fs::write(&path, text).map_err(|cause| EmbeddedError::Folder { path, cause })?;
    }
    Ok(())
}

fn postgresql_conf(sockets: &Path) -> String {
    let sockets = sockets.display().to_string().replace('\'', "''");
    format!(
        "# Written by taydo at every start; changes here are lost.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
port = {PORT}
max_connections = 40

# What is acknowledged must survive the power going out.
fsync = on
synchronous_commit = on
full_page_writes = on

shared_buffers = 128MB
work_mem = 16MB
maintenance_work_mem = 64MB
dynamic_shared_memory_type = posix
max_wal_size = 2GB
min_wal_size = 160MB
wal_compression = on
wal_buffers = 16MB
checkpoint_timeout = 10min
checkpoint_completion_target = 0.9
# One machine, nothing replicates: less is written ahead.
wal_level = minimal
max_wal_senders = 0
# Reads here are short, or scans that a plan compiled to machine code doesn't hurry.
jit = off
random_page_cost = 1.1
autovacuum_naptime = 30s

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
datestyle = 'iso, ymd'

# Seven files, one a weekday, each begun anew after a week: bounded without a janitor.
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_min_messages = warning
# Statements hold the city's data, which has no place in a log.
log_min_error_statement = panic
log_parameter_max_length_on_error = 0
"
    )
}
