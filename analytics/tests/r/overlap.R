# How well the standard error of a change does where groups, frames and persistence are not those of the textbook: a simulation, for
# docs/methods.md (Change between two surveys). Prints; writes nothing.
#
#   Rscript analytics/tests/r/overlap.R
#
# Three groups; one hospital in ten changes its group between the years, one in twenty is new, one in twenty is gone. Who answered the first
# time answers again with chance `again`, others with `new`. Everybody is in the base.

set.seed(7, kind = "Mersenne-Twister", sample.kind = "Rejection")
number <- 240
first <- rep(1:3, each = number / 3)
second <- ifelse(runif(number) < 0.1, first %% 3 + 1, first)
in_first <- seq_len(number) %% 20 != 0
in_second <- seq_len(number) %% 20 != 10
y1 <- runif(number) < c(0.4, 0.6, 0.8)[first]
y2 <- ifelse(runif(number) < 0.75, y1, runif(number) < c(0.5, 0.7, 0.9)[second])

year <- function(y, group, inside, answered) {
  size <- tabulate(group[inside], 3)
  n <- tabulate(group[answered], 3)
  weight <- ifelse(answered, size[group] / n[group], 0)
  share <- sum(weight * y) / sum(size)
  mean <- as.numeric(tapply(y[answered], factor(group[answered], 1:3), mean))[group]
  z <- (y - mean) / sum(size)
  v <- sum(tapply(z[answered]^2, group[answered], sum) * (size * (size - n) / n / (n - 1)))
  list(share = share, v = v, z = z, w = weight, n = n[group])
}

simulate <- function(p1, again, new) {
  one <- in_first & runif(number) < p1
  two <- in_second & runif(number) < ifelse(one, again, new)
  a <- year(y1, first, in_first, one)
  b <- year(y2, second, in_second, two)
  panel <- which(one & two)
  common <- in_first & in_second
  pair <- paste(first, second)
  m <- as.numeric(table(pair[panel])[pair[panel]])
  rate <- tabulate(first[common], 3) / tabulate(first[panel], 3)
  n1 <- a$n[panel]
  n2 <- b$n[panel]
  surplus <- a$w[panel] * b$w[panel] - rate[first[panel]]
  covariance <- sum(surplus / (1 - 1 / n1 - 1 / n2 + m / (n1 * n2)) * a$z[panel] * b$z[panel])
  c(d = b$share - a$share, with = a$v + b$v - 2 * covariance, without = a$v + b$v)
}

for (case in list(c(0.7, 0.9, 0.4), c(0.7, 0.7, 0.7), c(0.75, 0.95, 0.95), c(0.5, 0.2, 0.8))) {
  runs <- replicate(20000, simulate(case[1], case[2], case[3]))
  true <- var(runs["d", ])
  cat(sprintf("first %.2f, again %.2f, new %.2f: true SE %.5f; estimated variance / true: with covariance %.3f, as independent %.3f\n",
    case[1], case[2], case[3], sqrt(true), mean(runs["with", ]) / true, mean(runs["without", ]) / true))
}
