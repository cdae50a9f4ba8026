mod hostile;
mod http;
mod websocket;
