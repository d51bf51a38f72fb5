#include "herd/program/child.hpp"

#include "reactor/lines.hpp"
#include "reactor/result.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstdio>

namespace herd::program {

namespace {

constexpr reactor::Duration reap_interval = std::chrono::milliseconds(10);

}  // namespace

void report(const std::string& what) {
    std::fprintf(stderr, "herd up: %s\n", what.c_str());
}

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void Child::start() {
    assert(process_.pid < 0);
    assert(!watch_.active());
    assert(!stopping_);
    started_at_ = loop_.now();
    auto process = start_herd(arguments_);
    if (!process)
        return back_off("could not be started: " + std::string(describe(process.error())));
    process_ = std::move(*process);
    auto watch = loop_.watch(process_.output.fd(),
                             reactor::Interest::read,
                             reactor::Handler::to<&Child::on_output>(*this));
    assert(watch);
    watch_ = std::move(*watch);
}

void Child::end(void (*process)(int pid)) {
    stopping_ = true;
    if (process_.pid >= 0) {
        process(process_.pid);
    } else {
        timer_.cancel();
    }
}

void Child::on_output(reactor::Ready) {
    assert(process_.pid > 0);
    assert(process_.output.open());
    std::array<char, 4096> buffer{};
    const auto got = read_output(process_.output, buffer);
    if (!got && got.error().value == EAGAIN) return;
    if (!got || *got == 0) {
        watch_.stop();
        process_.output.close();
        return try_reap();
    }
    line_.append(buffer.data(), *got);
    reactor::Lines lines(line_);
    while (const auto line = lines.take()) on_line(*line);
    line_.erase(0, lines.taken());
}

void Child::on_line(std::string_view line) {
    print(line);
    print("\n");
    std::fflush(stdout);
    spoken_ = true;
    if (ready_ || !line.starts_with(ready_line_)) return;
    ready_ = true;
    events_.ready();
}

void Child::on_timer() {
    assert(!timer_.pending());
    if (process_.pid >= 0) {
        try_reap();
    } else {
        start();
    }
}

// Its output ends a moment before the process does.
void Child::try_reap() {
    assert(process_.pid > 0);
    assert(!watch_.active());
    if (const auto ending = reap(process_.pid)) {
        on_ended(*ending);
    } else {
        timer_.start(reap_interval);
    }
}

void Child::on_ended(const Ending& ending) {
    assert(process_.pid > 0);
    process_.pid = -1;
    line_.clear();
    if (stopping_) return events_.ended();
    if (ending.code == cannot_start && !spoken_) {
        report(name_ + " could not start");
        stopping_ = true;
        return events_.hopeless();
    }
    const std::string how = "ended with " + ending.text();
    // None of ours ends well by itself: somebody has told it to, as `herd restart` does.
    if (ending.signal == 0 && ending.code == 0) {
        report(name_ + " " + how + ", starts again at once");
        return start();
    }
    back_off(how);
}

void Child::back_off(const std::string& why) {
    assert(process_.pid < 0);
    assert(pause_ >= pause_min);
    assert(pause_ <= pause_max);
    if (loop_.now() - started_at_ > pause_max) pause_ = pause_min;
    const auto pause_s = std::chrono::duration_cast<std::chrono::seconds>(pause_).count();
    report(name_ + " " + why + ", starts again in " + std::to_string(pause_s) + " s");
    timer_.start(pause_);
    pause_ = std::min(2 * pause_, pause_max);
}

}  // namespace herd::program
