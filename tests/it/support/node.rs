//! Servers of Node.js that stand in for outside services.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// A server of `tests/<name>/server.mjs`, which ends with the test.
pub struct NodeServer(Child);

impl NodeServer {
    /// Starts it; also returns the line in which it says where it is.
    pub fn start(name: &str) -> (Self, String) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
        let mut server = Command::new("node")
            .arg("server.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Node.js: run scripts/setup.sh test");
        let mut line = String::new();
        BufReader::new(server.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        assert!(line.starts_with("http"), "{name} does not start: run scripts/setup.sh test");
        (Self(server), line.trim().to_owned())
    }
}

impl Drop for NodeServer {
    fn drop(&mut self) {
        // It ends with its input, and takes its files along.
        drop(self.0.stdin.take());
        self.0.wait().ok();
    }
}
