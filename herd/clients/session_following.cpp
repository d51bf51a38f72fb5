// What a client follows.
#include "herd/clients/admissions.hpp"
#include "herd/clients/session.hpp"
#include "protocol/follow_line.hpp"

#include <cassert>

namespace herd::clients {

void Session::follow(const Line& line, const protocol::Follow& wanted) {
    assert(!waits());
    if (host_.following == nullptr) return invalid(line.text);
    const bool one = !wanted.client.empty();
    if (host_.admissions != nullptr &&
        host_.admissions->scope(*this, access::Right::ask, wanted.client, received_s()) ==
            nullptr) {
        return invalid(line.text);
    }
    const std::uint32_t slot = host_.slot_of(*this);
    const auto number =
        one ? host_.following->follow(slot, wanted.client)
            : host_.following->follow(slot,
                                      geo::Circle(protocol::degrees_of(wanted.centre),
                                                  static_cast<double>(wanted.radius_mm) / 1000));
    if (!number) {
        ++host_.core.counters.follows_refused;
        return invalid(line.text);
    }
    ++host_.core.counters.follows;
    proven_ = true;
    const std::span<char> out = stream_.reserve(protocol::follow_answer_size(host_.core.name));
    const std::size_t size = protocol::format_follow(out, host_.core.name, *number).size();
    sent(size, out.data());
}

void Session::unfollow(const Line& line, const protocol::Unfollow& over) {
    const bool known =
        host_.following != nullptr && host_.following->unfollow(host_.slot_of(*this), over.number);
    if (!known) return invalid(line.text);
    const std::span<char> out = stream_.reserve(protocol::follow_answer_size(host_.core.name));
    const std::size_t size = protocol::format_unfollow(out, host_.core.name, over.number).size();
    sent(size, out.data());
}

bool Session::follows() const {
    return host_.following != nullptr && host_.following->follows(host_.slot_of(*this));
}

// What is corked waits for the journal, and what is blocked for the client: pushes wait with it,
// where they take no room.
follow::Outlet::Flow Session::flow(std::size_t size) const {
    using Flow = follow::Outlet::Flow;
    if (stream_.dead() || stream_.finishing() || stream_.blocked() || stream_.corked())
        return Flow::blocked;
    return stream_.room() < size ? Flow::full : Flow::open;
}

void Session::push(std::string_view text) {
    assert(!text.empty());
    sent(text.size(), text.data());
}

}  // namespace herd::clients
