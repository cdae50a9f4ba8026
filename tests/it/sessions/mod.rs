mod booking;
mod lifecycle;
mod lists;
mod privacy;
