mod hostile;
mod http;
mod operations;
mod plain;
mod websocket;
