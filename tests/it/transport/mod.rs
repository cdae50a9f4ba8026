mod hostile;
mod http;
mod operations;
mod websocket;
