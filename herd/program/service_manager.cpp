#include "herd/program/service_manager.hpp"

#include "herd/config/text.hpp"
#include "herd/program/processes.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <optional>
#include <utility>

namespace herd::program {

namespace {

constexpr int first_handed = 3;
constexpr std::uint64_t handed_max = 256;
constexpr reactor::Duration status_interval = std::chrono::seconds(1);

// And it is not there any more.
std::string take_variable(const char* name) {
    const char* const value = std::getenv(name);
    std::string text = value == nullptr ? "" : value;
    ::unsetenv(name);
    return text;
}

// What it says is meant for this process, and not for one that has started it.
bool is_own_pid(std::string_view text) {
    return config::parse_number(text) == static_cast<std::uint64_t>(own_pid());
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(':'), text.size());
        parts.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

}  // namespace

ServiceManager::ServiceManager() {
    const std::string address = take_variable("NOTIFY_SOCKET");
    const std::string watchdog = take_variable("WATCHDOG_USEC");
    const std::string watched = take_variable("WATCHDOG_PID");
    const std::string listener = take_variable("LISTEN_PID");
    const auto count = config::parse_number(take_variable("LISTEN_FDS"));
    std::vector<std::string> names = split(take_variable("LISTEN_FDNAMES"));
    if (const auto fd = reactor::sys::open_notifier(address)) notifier_ = reactor::Socket(*fd);
    const auto watchdog_us = config::parse_number(watchdog);
    constexpr std::uint64_t day_us = 86'400'000'000;
    if (watchdog_us && (watched.empty() || is_own_pid(watched))) {
        watchdog_ = std::chrono::microseconds(std::min(*watchdog_us, day_us));
    }
    if (!count || !is_own_pid(listener)) return;
    names.resize(std::min(*count, handed_max));
    handed_names_ = std::move(names);
}

reactor::Duration ServiceManager::beat_interval() const {
    if (watchdog_ == reactor::Duration::zero()) return status_interval;
    constexpr reactor::Duration least = std::chrono::milliseconds(1);
    return std::max(least, std::min(status_interval, watchdog_ / 2));
}

void ServiceManager::hand_down(reactor::Ports& ports) {
    for (std::size_t i = 0; i < handed_names_.size(); ++i) {
        const int fd = first_handed + static_cast<int>(i);
        if (!ports.take_over(fd)) on_dropped(fd);
    }
}

void ServiceManager::keep(
    reactor::Ports& ports,
    reactor::Delegate<std::string_view(const reactor::Ports::Opened&)> name_of) {
    assert(kept_.empty());
    // First: what goes may have the name of what is kept.
    ports.drop_rest(reactor::Delegate<void(int)>::to<&ServiceManager::on_dropped>(*this));
    if (!present()) return;
    for (const reactor::Ports::Opened& each : ports.opened()) {
        kept_.push_back({each.fd, std::string(name_of(each))});
    }
    say_rest();
}

void ServiceManager::on_dropped(int fd) {
    const auto index = static_cast<std::size_t>(fd - first_handed);
    if (index >= handed_names_.size() || handed_names_[index].empty()) return;
    say("FDSTOREREMOVE=1\nFDNAME=" + handed_names_[index]);
}

// What it keeps already, it keeps once.
void ServiceManager::say_rest() {
    while (kept_told_ < kept_.size()) {
        const Kept& next = kept_[kept_told_];
        if (!say("FDSTORE=1\nFDNAME=" + next.name, next.fd)) return;
        ++kept_told_;
    }
}

void ServiceManager::ready(std::string_view status) {
    told_ready_ = say("READY=1\nSTATUS=" + std::string(status));
    if (told_ready_) told_status_ = status;
}

void ServiceManager::beat(std::string_view status, reactor::Instant now) {
    if (!present()) return;
    if (!stopping_) {
        say_rest();
        if (!told_ready_ || told_status_ != status) ready(status);
    }
    if (watchdog_ == reactor::Duration::zero() || now - told_alive_ < watchdog_ / 2) return;
    if (say("WATCHDOG=1")) told_alive_ = now;
}

// The time lets it know this from what was said before it asked.
void ServiceManager::reloading() {
    const std::int64_t now_us = reactor::sys::monotonic_ns() / 1000;
    say("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now_us));
    told_ready_ = false;
}

void ServiceManager::stopping() {
    stopping_ = true;
    say("STOPPING=1\nSTATUS=shutting down");
}

bool ServiceManager::say(std::string_view message, int descriptor) const {
    if (!present()) return false;
    return reactor::sys::notify(notifier_.fd(), message, descriptor).has_value();
}

bool ServiceManager::reads_standard_error() {
    const char* const value = std::getenv("JOURNAL_STREAM");
    if (value == nullptr) return false;
    const std::vector<std::string> parts = split(value);
    if (parts.size() != 2) return false;
    const auto device = config::parse_number(parts[0]);
    const auto number = config::parse_number(parts[1]);
    constexpr int standard_error = 2;
    return device && number && reactor::sys::is_file(standard_error, *device, *number);
}

}  // namespace herd::program
