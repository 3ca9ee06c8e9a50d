# What R's `survey` package says of the hospitals in hospitals.csv: groups.csv, estimates.csv, changes.csv, panels.csv.
#
#   apt-get install r-cran-survey
#   Rscript analytics/tests/r/estimates.R
#
# analytics/src/estimate/tests/reference.rs compares. Groups are made here by the rule as docs/methods.md words it, written a second time;
# estimates and standard errors are svyratio's; limits are those of prop.test without continuity correction (Wilson's) on n*.

suppressMessages(library(survey))
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
hospitals <- read.csv(file.path(folder, "hospitals.csv"), na.strings = NULL, colClasses = "character")
hospitals$prefecture <- as.integer(hospitals$prefecture)
exact <- function(x) ifelse(is.na(x), "", sprintf("%.17g", x))

region <- function(p) findInterval(p, c(1, 2, 8, 15, 24, 31, 36, 40))

# --- groups -----------------------------------------------------------------------------------------------------------------------------

# Numbers of runs of bands with five respondents or more, for cells of one unit; NULL where there are fewer than five in all.
runs <- function(cells) {
  bands <- sort(unique(cells$band))
  number <- 1
  run <- integer(0)
  n <- 0
  for (band in bands) {
    run <- c(run, number)
    n <- n + sum(cells$n[cells$band == band])
    if (n >= 5) {
      number <- number + 1
      n <- 0
    }
  }
  if (number == 1) return(NULL)
  run[run == number] <- number - 1
  run[match(cells$band, bands)]
}

# The group that a cell joins, out of the cells that have one.
relative <- function(cell, grouped) {
  for (band in c(cell$band:5, rev(seq_len(cell$band) - 1))) {
    holding <- grouped[grouped$band == band, ]
    if (nrow(holding) > 0) return(holding$group[which.min((holding$prefecture - cell$prefecture) %% 48)])
  }
}

collapse <- function(cells) {
  cells$group <- NA_character_
  for (level in c("prefecture", "region", "nation")) {
    unit <- switch(level, prefecture = cells$prefecture, region = region(cells$prefecture), nation = rep(0, nrow(cells)))
    before <- cells
    for (u in unique(unit[is.na(before$group)])) {
      short <- which(unit == u & is.na(before$group))
      grouped <- before[unit == u & !is.na(before$group), ]
      if (nrow(grouped) > 0) {
        for (i in short) cells$group[i] <- relative(before[i, ], grouped)
      } else if (!is.null(runs(before[short, ]))) {
        cells$group[short] <- paste(level, u, runs(before[short, ]))
      }
    }
  }
  cells$group[is.na(cells$group)] <- "all"
  cells
}

# Rows of a data frame with prefecture, band and answered, to a stratified design of those that answered.
stratify <- function(rows) {
  cells <- aggregate(cbind(N = 1, n = as.integer(answered)) ~ prefecture + band, rows, sum)
  cells <- collapse(cells)
  size <- aggregate(cbind(N, n) ~ group, cells, sum)
  cells$hospitals <- size$N[match(cells$group, size$group)]
  cells$respondents <- size$n[match(cells$group, size$group)]
  key <- match(paste(rows$prefecture, rows$band), paste(cells$prefecture, cells$band))
  rows$group <- cells$group[key]
  rows$hospitals <- cells$hospitals[key]
  rows$weight <- (cells$hospitals / cells$respondents)[key]
  rows <- rows[rows$answered, ]
  list(cells = cells, rows = rows, design = svydesign(ids = ~1, strata = ~group, fpc = ~hospitals, data = rows))
}

frame <- function(case, year) {
  rows <- hospitals[hospitals$case == case & hospitals[[paste0("band_", year)]] != "", ]
  for (name in c("band", "ehr", "backup", "desk", "signed")) rows[[name]] <- rows[[paste0(name, "_", year)]]
  rows$band <- as.integer(rows$band)
  rows$answered <- rows$ehr != ""
  rows
}

# --- shares -----------------------------------------------------------------------------------------------------------------------------

ratio <- function(s, y, x) {
  s$design <- update(s$design, y = as.numeric(y), x = as.numeric(x))
  r <- svyratio(~y, ~x, s$design)
  list(share = as.numeric(r$ratio), se = sqrt(as.numeric(r$var)), weighted_base = sum(s$rows$weight[x]))
}

share <- function(s, y, x) {
  r <- ratio(s, y & x, x)
  p <- r$share
  n <- if (r$se > 0) p * (1 - p) / r$se^2 else sum(x) / (1 - sum(x) / r$weighted_base)
  whole <- all(s$rows$weight[x] == 1)
  limits <- c(NA, NA)
  if (!whole) limits <- suppressWarnings(prop.test(n * p, n, correct = FALSE)$conf.int)
  data.frame(
    base = sum(x), count = sum(y & x), share = exact(p), weighted_base = exact(r$weighted_base), se = exact(r$se),
    effective_size = if (whole) "" else exact(n), low = exact(limits[1]), high = exact(limits[2])
  )
}

questions <- function(rows) {
  given <- function(name) rows[[name]] %in% c("yes", "no", "a", "b")
  list(
    ehr = list(y = rows$ehr == "yes", x = given("ehr")),
    backup = list(y = rows$backup == "yes", x = given("backup")),
    desk_a = list(y = rows$desk == "a", x = given("desk")),
    desk_c = list(y = rows$desk == "c", x = given("desk")),
    signed = list(y = rows$signed == "yes", x = given("signed")),
    backup_nonresponse = list(y = rows$backup %in% c("blank", "no_answer"), x = rows$backup != "not_asked")
  )
}

domains <- function(rows) {
  one <- function(kind, values) {
    all <- sort(unique(values))
    setNames(lapply(all, function(value) values == value), paste(kind, all))
  }
  c(
    list("nation 0" = rep(TRUE, nrow(rows)), "city 1" = rows$city == "1", "among_ehr 1" = rows$ehr == "yes"),
    one("region", region(rows$prefecture)), one("prefecture", rows$prefecture), one("band", rows$band),
    one("class", rows$band %/% 2), one("cell", rows$prefecture * 10 + rows$band),
    one("prefecture_class", rows$prefecture * 10 + rows$band %/% 2)
  )
}

# --- run --------------------------------------------------------------------------------------------------------------------------------

groups <- list()
estimates <- list()
for (case in unique(hospitals$case)) {
  for (year in c("2022", "2024")) {
    s <- stratify(frame(case, year))
    if (case == "full") stopifnot(!any(duplicated(s$cells$group)), s$cells$n >= 5)
    groups[[length(groups) + 1]] <- data.frame(case, year, s$cells[order(s$cells$prefecture, s$cells$band), ])
    if (year == "2024" && case != "merged") next
    asked <- questions(s$rows)
    for (domain in names(domains(s$rows))) {
      inside <- domains(s$rows)[[domain]]
      kind <- sub(" .*", "", domain)
      of <- if (kind %in% c("cell", "prefecture_class")) c("ehr", "backup") else names(asked)
      for (question in of) {
        x <- asked[[question]]$x & inside
        if (!any(x)) next
        estimates[[length(estimates) + 1]] <-
          data.frame(case, year, question, kind, domain = sub(".* ", "", domain), share(s, asked[[question]]$y, x))
      }
    }
  }
}

# What svyratio does with zeros outside of a domain is what svymean does with a subset.
s <- stratify(frame("merged", "2022"))
sub <- svymean(~I(as.numeric(ehr == "yes")), subset(s$design, ehr %in% c("yes", "no") & prefecture == 13))
same <- ratio(s, s$rows$ehr == "yes" & s$rows$prefecture == 13, s$rows$ehr %in% c("yes", "no") & s$rows$prefecture == 13)
stopifnot(all.equal(as.numeric(sub), same$share, tolerance = 1e-12), all.equal(as.numeric(SE(sub)), same$se, tolerance = 1e-12))

# The same hospitals twice: both ratios in one design, so that svyratio gives their covariance.
changes <- list()
s <- stratify(frame("twice", "2022"))
given <- function(values) values %in% c("yes", "no")
for (question in c("ehr", "backup")) {
  first <- s$rows[[paste0(question, "_2022")]]
  second <- s$rows[[paste0(question, "_2024")]]
  s$design <- update(s$design,
    y1 = as.numeric(first == "yes"), x1 = as.numeric(given(first)), y2 = as.numeric(second == "yes"), x2 = as.numeric(given(second)))
  r <- svyratio(~ y1 + y2, ~ x1 + x2, s$design, covmat = TRUE)
  # Ratios by column: y1/x1, y2/x1, y1/x2, y2/x2.
  v <- r$vcov[c(1, 4), c(1, 4)]
  changes[[length(changes) + 1]] <- data.frame(
    case = "twice", question, difference = exact(r$ratio[2, 2] - r$ratio[1, 1]), se = exact(sqrt(v[1, 1] + v[2, 2] - 2 * v[1, 2])),
    correlation = exact(v[1, 2] / sqrt(v[1, 1] * v[2, 2])))
}

# Other cases: svyratio's variances, and the covariance of docs/methods.md written a second time, hospital by hospital.
for (case in c("full", "merged", "complete")) {
  s <- list(stratify(frame(case, "2022")), stratify(frame(case, "2024")))
  for (question in c("ehr", "backup")) {
    r <- list()
    for (k in 1:2) {
      rows <- s[[k]]$rows
      x <- given(rows[[question]])
      y <- rows[[question]] == "yes"
      r[[k]] <- ratio(s[[k]], y, x)
      z <- (y - r[[k]]$share) * x / r[[k]]$weighted_base
      z <- z - ave(z, rows$group)
      r[[k]]$rows <- data.frame(id = rownames(rows), z, group = rows$group, w = rows$weight, n = ave(z, rows$group, FUN = length))
    }
    panel <- merge(r[[1]]$rows, r[[2]]$rows, by = "id")
    common <- hospitals[hospitals$case == case & hospitals$band_2022 != "" & hospitals$band_2024 != "", ]
    cells <- s[[1]]$cells
    first_group <- cells$group[match(paste(common$prefecture, common$band_2022), paste(cells$prefecture, cells$band))]
    common_by_group <- table(first_group)
    answered_by_group <- table(panel$group.x)
    pair <- paste(panel$group.x, panel$group.y, sep = "/")
    m <- as.numeric(table(pair)[pair])
    unbiased <- 1 / (1 - 1 / panel$n.x - 1 / panel$n.y + m / (panel$n.x * panel$n.y))
    surplus <- panel$w.x * panel$w.y - as.numeric(common_by_group[panel$group.x]) / as.numeric(answered_by_group[panel$group.x])
    covariance <- sum(unbiased * surplus * panel$z.x * panel$z.y)
    changes[[length(changes) + 1]] <- data.frame(
      case, question, difference = exact(r[[2]]$share - r[[1]]$share),
      se = exact(sqrt(r[[1]]$se^2 + r[[2]]$se^2 - 2 * covariance)), correlation = exact(covariance / r[[1]]$se / r[[2]]$se))
  }
}

# The panel: hospitals of both frames by their later cell; a hospital is in the base if it said yes or no both times.
panels <- list()
for (case in unique(hospitals$case)) {
  rows <- hospitals[hospitals$case == case & hospitals$band_2022 != "" & hospitals$band_2024 != "", ]
  rows$band <- as.integer(rows$band_2024)
  rows$answered <- rows$ehr_2022 != "" & rows$ehr_2024 != ""
  s <- stratify(rows)
  for (question in c("ehr", "backup")) {
    first <- s$rows[[paste0(question, "_2022")]]
    second <- s$rows[[paste0(question, "_2024")]]
    x <- given(first) & given(second)
    no_yes <- x & first == "no" & second == "yes"
    yes_no <- x & first == "yes" & second == "no"
    net <- ratio(s, no_yes - yes_no, x)
    of <- function(y, x) ratio(s, y, x)
    gained <- ratio(s, no_yes, x)
    lost <- ratio(s, yes_no, x)
    of_no <- ratio(s, no_yes, x & first == "no")
    panels[[length(panels) + 1]] <- data.frame(
      case, question, base = sum(x), gained = sum(no_yes), lost = sum(yes_no), net = exact(net$share), net_se = exact(net$se),
      gained_share = exact(gained$share), gained_se = exact(gained$se), lost_share = exact(lost$share), lost_se = exact(lost$se),
      gained_of_no_share = exact(of_no$share), gained_of_no_se = exact(of_no$se))
  }
}

write <- function(list, name) write.csv(do.call(rbind, list), file.path(folder, name), row.names = FALSE, quote = FALSE)
write(groups, "groups.csv")
write(estimates, "estimates.csv")
write(changes, "changes.csv")
write(panels, "panels.csv")
