#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::follow {

// The sessions that are told what they follow, by their slots; outlives who tells them.
class Outlet {
public:
    enum class Flow : std::uint8_t {
        open,     // reserve() has the room
        full,     // there is no room for anybody until what waits has been sent
        blocked,  // it does not read: Switchboard::resume() is called when it has
    };
    virtual Flow flow(std::uint32_t session, std::size_t size) const = 0;
    // Room for `size` bytes, for whom it is open, to write a line into; then commit().
    virtual std::span<char> reserve(std::uint32_t session, std::size_t size) = 0;
    virtual void commit(std::uint32_t session, std::string_view line) = 0;
    // Whether it may be told of this client.
    virtual bool may_hear(std::uint32_t session, std::string_view client) const = 0;
    // Whether it may still be told what it might be told before.
    virtual bool may_hear(std::uint32_t session) const = 0;

protected:
    ~Outlet() = default;
};

}  // namespace herd::follow
