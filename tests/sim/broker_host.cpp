#include "tests/sim/broker_host.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <utility>

namespace sim {

namespace {

constexpr std::size_t line_max = 4096;
constexpr std::size_t payload_max = std::size_t{32} << 10;
constexpr std::size_t unsent_max = std::size_t{256} << 10;
constexpr std::uint64_t turn_max = 16;  // operations of one connection

std::string_view take_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    return word;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (auto word = take_word(line); !word.empty(); word = take_word(line)) words.push_back(word);
    return words;
}

std::size_t number(std::string_view text) {
    std::size_t value = SIZE_MAX;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

BrokerHost::BrokerHost(FakeKernel& kernel, Host host, std::uint16_t port, std::uint64_t seed)
    : kernel_(kernel), host_(host), port_(port), random_(seed ^ 0xb40c) {}

void BrokerHost::start() {
    assert(!runs());
    kernel_.enter(host_);
    const unsigned fails = std::exchange(kernel_.faults.socket_fails, 0);
    listener_ = *kernel_.open_socket();
    kernel_.faults.socket_fails = fails;
    static_cast<void>(kernel_.bind(listener_, reactor::Address::loopback(port_)));
    static_cast<void>(kernel_.listen(listener_));
    server_id_ = "N" + std::to_string(random_.bits());
    stalled_until_ = 0;
}

void BrokerHost::kill(bool silently) {
    assert(runs());
    kernel_.enter(host_);
    for (Connection& each : connections_) {
        if (silently || !random_.chance(50)) continue;
        each.unsent += "MSG $KV.some.thing 2 12";
        each.unsent.resize(random_.below(each.unsent.size() + 1));
        send(each);
    }
    if (silently) kernel_.vanish(host_);
    while (!connections_.empty()) close(connections_.begin());
    kernel_.close(std::exchange(listener_, -1));
    consumers_.clear();
    held_.reset();
    std::erase_if(streams_, [](const auto& each) { return !each.second.terms().on_disk; });
}

FakeBucket* BrokerHost::stream(const std::string& name) {
    const auto found = streams_.find(name);
    return found == streams_.end() ? nullptr : &found->second;
}

const FakeBucket* BrokerHost::stream(const std::string& name) const {
    const auto found = streams_.find(name);
    return found == streams_.end() ? nullptr : &found->second;
}

bool BrokerHost::turn() {
    if (!runs() || kernel_.now_ns() < stalled_until_) return false;
    const bool woken = wakes_ns() <= kernel_.now_ns();
    if (!woken && !kernel_.stirred(host_)) return false;
    kernel_.enter(host_);
    accept();
    if (held_ && held_ns_ <= kernel_.now_ns()) store_held();
    busy_ = false;
    for (auto each = connections_.begin(); each != connections_.end();) {
        const auto connection = each++;
        if (!exchange(*connection)) close(connection);
    }
    for (auto each = consumers_.begin(); each != consumers_.end();) {
        const auto consumer = each++;
        if (!push(*consumer)) consumers_.erase(consumer);
    }
    for (auto each = connections_.begin(); each != connections_.end();) {
        const auto connection = each++;
        if (!send(*connection)) close(connection);
    }
    // What it leaves unread is not to wait for something else to happen.
    if (kernel_.now_ns() < stalled_until_) busy_ = true;
    static_cast<void>(kernel_.ready(host_));
    return true;
}

std::int64_t BrokerHost::wakes_ns() const {
    if (!runs()) return never;
    if (kernel_.now_ns() < stalled_until_) return stalled_until_;
    std::int64_t wakes = never;
    for (const Consumer& each : consumers_) {
        wakes = std::min(wakes, each.spoke_ns + each.heartbeat_ns);
    }
    if (held_) wakes = std::min(wakes, held_ns_);
    return busy_ ? kernel_.now_ns() : wakes;
}

void BrokerHost::accept() {
    while (const auto fd = kernel_.accept(listener_)) {
        connections_.push_back({*fd});
        say(connections_.back(),
            R"(INFO {"server_id":")" + server_id_ +
                R"(","version":"2.9.10","proto":1,"headers":true,"jetstream":true,"max_payload":)" +
                std::to_string(payload_max) + "}\r\n");
    }
}

bool BrokerHost::exchange(Connection& connection) {
    if (!kernel_.take_error(connection.fd)) return false;
    if (!kernel_.peer_address(connection.fd)) return true;
    return receive(connection) && send(connection);
}

bool BrokerHost::send(Connection& connection) {
    while (!connection.unsent.empty()) {
        const auto sent = kernel_.send(connection.fd, connection.unsent);
        if (!sent) return sent.error().value == EAGAIN;
        connection.unsent.erase(0, *sent);
    }
    return !connection.ends;
}

// Some of what has come: others have their turn, and so what is pushed stands between.
bool BrokerHost::receive(Connection& connection) {
    auto budget = 1 + random_.below(turn_max);
    while (!connection.ends && kernel_.now_ns() >= stalled_until_) {
        if (take(connection)) {
            if (--budget > 0) continue;
            busy_ = true;
            return true;
        }
        std::array<char, 2048> buffer{};
        const auto received = kernel_.receive(connection.fd, buffer);
        if (!received) return received.error().value == EAGAIN;
        if (*received == 0) return false;
        connection.heard.append(buffer.data(), *received);
    }
    return true;
}

// One operation of what has come; false: there is none that is whole.
bool BrokerHost::take(Connection& connection) {
    const std::size_t end = connection.heard.find("\r\n");
    if (std::min(end, connection.heard.size()) > line_max) {
        end_with(connection, "maximum control line exceeded");
        return false;
    }
    if (end == std::string::npos) return false;
    const std::string line = connection.heard.substr(0, end);
    const auto words = words_of(line);
    const std::string_view operation = words.empty() ? std::string_view() : words[0];
    if (operation == "PUB" || operation == "HPUB") {
        const std::size_t size = number(words.back());
        if (size > payload_max) {
            end_with(connection, "Maximum Payload Violation");
            return false;
        }
        if (connection.heard.size() < end + 2 + size + 2) return false;
        take_publication(connection, line, operation == "HPUB");
        return true;
    }
    connection.heard.erase(0, end + 2);
    if (operation == "PING") {
        say(connection, "PONG\r\n");
    } else if (operation == "CONNECT") {
        connection.greeted = true;
    } else if (operation == "SUB" && words.size() == 3) {
        connection.filters[std::string(words[2])] = words[1];
    } else if (operation == "UNSUB" && words.size() == 2) {
        connection.filters.erase(std::string(words[1]));
    } else if (operation != "PONG") {
        end_with(connection, "Unknown Protocol Operation");
        return false;
    }
    return true;
}

void BrokerHost::take_publication(Connection& from, std::string_view line, bool headed) {
    const auto words = words_of(line);
    const std::size_t sizes = headed ? 2 : 1;
    if (words.size() != 2 + sizes && words.size() != 3 + sizes) {
        return end_with(from, "Unknown Protocol Operation");
    }
    const std::size_t size = number(words.back());
    const std::size_t head = headed ? number(words[words.size() - 2]) : 0;
    const std::string body = from.heard.substr(line.size() + 2, size);
    const bool whole = from.heard.compare(line.size() + 2 + size, 2, "\r\n") == 0;
    const std::string reply(words.size() == 3 + sizes ? words[2] : std::string_view());
    const std::string subject(words[1]);
    if (!whole || head > size) return end_with(from, "Unknown Protocol Operation");
    from.heard.erase(0, line.size() + 2 + size + 2);
    if (!from.greeted) return end_with(from, "Authorization Violation");
    if (!reply.empty() && from.replies.size() < 100) from.replies.push_back(reply);
    route({subject, reply, body.substr(0, head), body.substr(head)});
}

void BrokerHost::end_with(Connection& connection, const std::string& error) {
    say(connection, "-ERR '" + error + "'\r\n");
    connection.ends = true;
}

void BrokerHost::close(Connections::iterator connection) {
    kernel_.close(connection->fd);
    connections_.erase(connection);
}

void BrokerHost::say(Connection& connection, const std::string& text) {
    if (connection.ends) return;
    connection.unsent += text;
    if (connection.unsent.size() <= unsent_max) return;
    // Who reads too slowly is not waited for.
    connection.unsent = "-ERR 'Slow Consumer'\r\n";
    static_cast<void>(send(connection));
    connection.unsent.clear();
    connection.ends = true;
}

BrokerHost::Connections::iterator BrokerHost::some_connection() {
    return std::next(connections_.begin(),
                     static_cast<std::ptrdiff_t>(random_.below(connections_.size())));
}

void BrokerHost::hang_up() {
    if (connections_.empty()) return;
    kernel_.enter(host_);
    close(some_connection());
}

}  // namespace sim
