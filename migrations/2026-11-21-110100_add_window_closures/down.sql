DROP TABLE window_closure;
