#include "tests/sim/followers.hpp"

#include "herd/geo/circle.hpp"
#include "tests/sim/said.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <utility>

namespace sim {

namespace {

const std::string last_words = "UNFOLLOW 65535";

}  // namespace

Followers::Followers(FakeKernel& kernel,
                     std::uint64_t seed,
                     std::vector<reactor::Address> servers,
                     std::vector<std::string> names,
                     Place place,
                     Fail fail)
    : kernel_(kernel),
      random_(seed),
      servers_(std::move(servers)),
      names_(std::move(names)),
      place_(std::move(place)),
      fail_(std::move(fail)),
      followers_(servers_.size()) {}

std::string Followers::Wanted::text() const {
    if (!client.empty()) return client;
    char text[64];
    std::snprintf(
        text, sizeof text, "%+.3f%+.3f %.3f", centre.latitude, centre.longitude, radius_km);
    return text;
}

// Where clients report, or near there.
Followers::Wanted Followers::draw() {
    Wanted wanted;
    if (random_.chance(50)) {
        wanted.client = names_[random_.below(names_.size())];
        return wanted;
    }
    const auto thousandths = [](double degrees) { return std::round(degrees * 1000) / 1000; };
    const auto aside = [&] { return static_cast<double>(random_.below(401)) / 1000 - 0.2; };
    wanted.centre = *protocol::parse_iso6709(place_(random_));
    if (random_.chance(50)) {
        wanted.centre.latitude = std::min(wanted.centre.latitude + aside(), 90.0);
        wanted.centre.longitude = std::remainder(wanted.centre.longitude + aside(), 360);
    }
    wanted.centre.latitude = thousandths(wanted.centre.latitude);
    wanted.centre.longitude = thousandths(wanted.centre.longitude);
    wanted.radius_km = random_.chance(10) ? 0 : static_cast<double>(random_.below(50'001)) / 1000;
    return wanted;
}

void Followers::act() {
    if (ending_) return;
    for (std::size_t i = 0; i < followers_.size(); ++i) {
        Follower& follower = followers_[i];
        if (follower.fd < 0) {
            if (random_.chance(20)) connect(follower, servers_[i]);
            continue;
        }
        if (random_.chance(10)) follower.reads = !follower.reads;
        const std::size_t count = follower.wanted.size() + follower.asked.size();
        if (count < 3 && random_.chance(30)) {
            follower.asked.push_back(draw());
            follower.unsent += "FOLLOW " + follower.asked.back().text() + "\n";
        } else if (!follower.wanted.empty() && random_.chance(3)) {
            const unsigned number = follower.wanted.begin()->first;
            follower.unsent += "UNFOLLOW " + std::to_string(number) + "\n";
        }
        if (follower.reads) exchange(follower);
    }
}

void Followers::begin_to_end() {
    ending_ = true;
    for (Follower& follower : followers_) {
        if (follower.fd >= 0) follower.unsent += last_words + "\n";
    }
}

bool Followers::read_all() {
    bool came = false;
    for (Follower& follower : followers_) {
        if (follower.fd >= 0) came |= exchange(follower);
    }
    return came;
}

void Followers::leave() {
    for (Follower& follower : followers_) {
        for (const auto& wanted : follower.wanted) {
            follower.unsent += "UNFOLLOW " + std::to_string(wanted.first) + "\n";
        }
        if (follower.fd >= 0) exchange(follower);
        kernel_.enter(visitor_host);
        if (follower.fd >= 0) kernel_.close(follower.fd);
        follower = {};
    }
}

void Followers::connect(Follower& follower, const reactor::Address& server) {
    kernel_.enter(visitor_host);
    follower.fd = *kernel_.open_socket();
    static_cast<void>(kernel_.connect(follower.fd, server));
}

// Whether anything has come. One whose connection has ended begins anew, later.
bool Followers::exchange(Follower& follower) {
    kernel_.enter(visitor_host);
    bool connected = kernel_.take_error(follower.fd).has_value();
    while (connected && !follower.unsent.empty() && kernel_.peer_address(follower.fd)) {
        const auto sent = kernel_.send(follower.fd, follower.unsent);
        connected = sent || sent.error().value == EAGAIN;
        if (!sent) break;
        follower.unsent.erase(0, *sent);
    }
    bool came = false;
    while (connected) {
        char buffer[512];
        const auto received = kernel_.receive(follower.fd, buffer);
        if (!received && received.error().value == EAGAIN) break;
        connected = received && *received > 0;
        if (!connected) break;
        came = true;
        follower.received.append(buffer, *received);
        for (std::size_t end = 0; (end = follower.received.find('\n')) != std::string::npos;) {
            take(follower, follower.received.substr(0, end));
            follower.received.erase(0, end + 1);
        }
    }
    if (connected) return came;
    kernel_.close(follower.fd);
    follower = {};
    return came;
}

// F1: each line is of something that is followed, and what it says can be.
void Followers::take(Follower& follower, const std::string& line) {
    std::istringstream words(line);
    std::string kind;
    std::string second;
    unsigned number = 0;
    words >> kind;
    if (kind == "?") {
        words >> second;
        follower.answered = follower.answered || line == "? " + last_words;
        if (second == "UNFOLLOW") return;
        if (follower.asked.empty()) return fail_("F1", "refuses nothing: " + line);
        follower.asked.erase(follower.asked.begin());
        return;
    }
    if (kind == "FOLLOW" || kind == "UNFOLLOW") {
        words >> second >> number;
        follower.known.erase(number);
        if (kind == "UNFOLLOW") {
            follower.wanted.erase(number);
        } else if (!follower.wanted.contains(number)) {
            if (follower.asked.empty()) return fail_("F1", "an answer to nothing: " + line);
            follower.wanted[number] = follower.asked.front();
            follower.asked.erase(follower.asked.begin());
        }
        return;
    }
    words >> number;
    if (!follower.wanted.contains(number)) return fail_("F1", "of what nobody follows: " + line);
    if (kind == "NOW") return tell(follower, number, line.substr(line.find("AT ")));
    if (kind != "GONE") return fail_("F1", "what is that: " + line);
    words >> second;
    follower.known[number].erase(second);
}

void Followers::tell(Follower& follower, unsigned number, const std::string& at_line) {
    if (!protocol::parse_peer_message(at_line)) return fail_("F1", "no record: " + at_line);
    const protocol::AtLine at = parse_at(at_line);
    const Wanted& wanted = follower.wanted[number];
    const bool right =
        wanted.client.empty() ? holds(wanted, at.location) : at.client == wanted.client;
    if (!right) return fail_("F1", "not what was asked for: " + at_line);
    std::string& known = follower.known[number][std::string(at.client)];
    if (!known.empty() && older(version_of(at_line), version_of(known)))
        return fail_("F1", "goes back: " + at_line);
    known = at_line;
}

bool Followers::holds(const Wanted& wanted, std::string_view location) {
    const auto place = protocol::parse_iso6709(location);
    assert(place.has_value());
    return herd::geo::Circle(wanted.centre, wanted.radius_km * 1000).holds(*place);
}

void Followers::check(std::size_t server,
                      const herd::table::LocationTable& table,
                      const std::function<bool(std::string_view)>& expired) const {
    const Follower& follower = followers_[server];
    if (!follower.answered) return;
    for (const auto& [number, wanted] : follower.wanted) {
        std::map<std::string, std::string> known;
        if (const auto found = follower.known.find(number); found != follower.known.end()) {
            known = found->second;
        }
        for (std::uint32_t slot = 0; slot < table.slots(); ++slot) {
            if (!table.used(slot)) continue;
            const auto& record = table.at(slot);
            const std::string client(table.client(record));
            const bool mine = wanted.client.empty() ? holds(wanted, table.location(record))
                                                    : client == wanted.client;
            if (!mine) continue;
            const std::string line(table.line(record));
            const auto told = known.find(client);
            // Of what has expired before it could be told nothing is told but, in time, GONE.
            const bool knows = told != known.end() && told->second == line;
            if (!knows && !expired(line))
                return fail_("F2", "a follower of " + wanted.text() + " does not know " + line);
            known.erase(client);
        }
        for (const auto& [client, line] : known) {
            fail_("F2", "a follower of " + wanted.text() + " still has " + line);
        }
    }
}

}  // namespace sim
