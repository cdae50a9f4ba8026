//! A stand-in for an SMTP server, which can misbehave.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What happens to a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whim {
    /// "Try again later."
    Refuse,
    /// The connection breaks in the middle of the mail.
    Drop,
    /// The connection breaks after the mail was taken, before that is said.
    TakeAndDrop,
}

/// A server on a free port.
#[derive(Clone)]
pub struct Smtp {
    /// For the setting `SMTP_URL`.
    pub url: String,
    whims: Arc<Mutex<VecDeque<Whim>>>,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Smtp {
    /// Starts a server that has these whims, one for each connection, and then behaves.
    pub async fn start(whims: &[Whim]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("smtp://{}", listener.local_addr().expect("its address"));
        let server =
            Self { url, whims: Arc::new(Mutex::new(whims.iter().copied().collect())), mails: Arc::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let whim = serving.whims.lock().expect("no panic").pop_front();
                let mails = Arc::clone(&serving.mails);
                tokio::spawn(async move { talk(stream, whim, &mails).await });
            }
        });
        server
    }

    /// What was taken, as it came.
    pub fn mails(&self) -> Vec<String> {
        self.mails.lock().expect("no panic").clone()
    }
}

async fn talk(stream: TcpStream, whim: Option<Whim>, mails: &Mutex<Vec<String>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 stand-in\r\n").await.ok()?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let word = line.get(..4).unwrap_or_default().to_uppercase();
        let answer: &[u8] = match word.as_str() {
            "EHLO" => b"250 stand-in\r\n",
            "RCPT" if whim == Some(Whim::Refuse) => b"451 try again later\r\n",
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                let mail = read_mail(&mut stream, whim == Some(Whim::Drop)).await?;
                mails.lock().expect("no panic").push(mail);
                if whim == Some(Whim::TakeAndDrop) {
                    return None;
                }
                b"250 taken\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await.ok()?;
                return None;
            }
            _ => b"250 fine\r\n",
        };
        stream.write_all(answer).await.ok()?;
    }
}

async fn read_mail(stream: &mut BufReader<TcpStream>, breaks: bool) -> Option<String> {
    let mut mail = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        if breaks || line.is_empty() {
            return None;
        }
        if line == ".\r\n" {
            return Some(mail);
        }
        mail.push_str(&line);
    }
}
