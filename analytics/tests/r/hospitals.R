# Makes hospitals.csv: four made nations, hospital by hospital, from a fixed seed. Nothing in it is real.
#
#   Rscript analytics/tests/r/hospitals.R
#
# A row is a hospital. An empty band means that it is not in that year's frame; an empty answer, that it did not answer the survey.
# ehr: yes, no, blank, no_answer. backup: the same, or not_asked unless ehr is yes. desk: a or b (c is an option that nobody chooses).
# signed: yes for everybody who answered.

set.seed(20240401, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))

draw <- function(n, options, weights) options[findInterval(runif(n), cumsum(weights) / sum(weights)) + 1]

answers <- function(answered, level) {
  n <- length(answered)
  ehr <- ifelse(runif(n) < level, "yes", draw(n, c("no", "blank", "no_answer"), c(8, 1, 1)))
  backup <- ifelse(ehr == "yes", draw(n, c("yes", "no", "blank", "no_answer"), c(70, 20, 6, 4)), "not_asked")
  all <- data.frame(ehr, backup, desk = draw(n, c("a", "b"), c(1, 3)), signed = "yes")
  all[!answered, ] <- ""
  all
}

# Hospitals of a cell fall with the band; `response` is a chance for each prefecture, or 1 for cells that answer whole.
nation <- function(case, prefectures, size, response, later = response, moves = 0, same = FALSE) {
  cells <- expand.grid(band = 0:5, prefecture = prefectures)
  sizes <- round(size / (1 + cells$band / 3) * (0.7 + 0.6 * runif(nrow(cells))))
  rows <- cells[rep(seq_len(nrow(cells)), sizes), ]
  n <- nrow(rows)
  chance <- function(of) of[cbind(match(rows$prefecture, prefectures), rows$band + 1)]
  band_later <- ifelse(runif(n) < moves, pmin(5, pmax(0, rows$band + ifelse(runif(n) < 0.5, -1, 1))), rows$band)
  earlier <- runif(n) < chance(response)
  again <- if (same) earlier else runif(n) < chance(later) * ifelse(earlier, 1, 0.6)
  # One in forty opens or closes between the years, where hospitals move at all.
  gone <- runif(n)
  in_earlier <- !(moves > 0 & gone < 0.025)
  in_later <- !(moves > 0 & gone > 0.975)
  first <- answers(earlier & in_earlier, 0.55 + 0.06 * rows$band)
  second <- answers(again & in_later, 0.65 + 0.05 * rows$band)
  # Most of those who had an EHR still have it.
  keeps <- first$ehr == "yes" & second$ehr != "" & runif(n) < 0.8
  second$backup[keeps & second$ehr != "yes"] <- "no"
  second$ehr[keeps] <- "yes"
  data.frame(
    case, prefecture = rows$prefecture,
    band_2022 = ifelse(in_earlier, rows$band, ""), band_2024 = ifelse(in_later, band_later, ""),
    city = as.integer(runif(n) < 0.3),
    setNames(first, paste0(names(first), "_2022")), setNames(second, paste0(names(second), "_2024"))
  )
}

flat <- function(prefectures, chance) matrix(chance, length(prefectures), 6)
all <- list()

# Every cell has five respondents or more (the script of the estimates makes sure).
p <- c(1, 13, 31, 36)
all$full <- nation("full", p, 45, flat(p, 0.75), flat(p, 0.8))

# Cells under five, a short prefecture in a region with groups (31), a region of short prefectures (36 to 38), a short region (40 and 47).
p <- c(1, 13, 14, 31, 32, 36, 37, 38, 40, 47)
chance <- flat(p, 0.7)
chance[p == 31, ] <- 0.04
chance[p %in% 36:38, ] <- 0.04
chance[p %in% c(40, 47), ] <- 0.03
all$merged <- nation("merged", p, 14, chance, flat(p, 0.6), moves = 0.06)

# Prefecture 1 answers whole, of 13 the three smaller bands.
p <- c(1, 13, 27)
chance <- flat(p, 0.6)
chance[p == 1, ] <- 1
chance[p == 13, 1:3] <- 1
all$complete <- nation("complete", p, 25, chance)

# The same hospitals answer twice.
p <- c(4, 20)
all$twice <- nation("twice", p, 40, flat(p, 0.6), same = TRUE)

write.csv(do.call(rbind, all), file.path(folder, "hospitals.csv"), row.names = FALSE, quote = FALSE)
