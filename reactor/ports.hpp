#pragma once

#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/result.hpp"
#include "reactor/socket.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace reactor {

// The sockets at which this process can be reached: opened here, or handed down by whoever started
// it, so that nobody is refused while one process takes another's place. Owned by the loop that
// watches them.
//
//   take_over() each that was handed down --> open() each that is wanted --> drop_rest()
//
// A socket handed down is the one that is wanted if it is bound to the very address, and of the
// same kind: its name is nobody's business here. Port 0, any free one, is never handed down. An
// opened socket is its listener's; what is told of it in opened() is good for as long as that has
// it open.
class Ports {
public:
    enum class Kind : std::uint8_t { stream, datagrams };
    static constexpr std::size_t most = 16;
    // Newcomers wait there for as long as nobody accepts them: while a server restarts, for
    // instance.
    static constexpr int backlog = 4096;

    struct Opened {
        int fd = -1;
        Kind kind = Kind::stream;
        Address address;  // as it was wanted
        bool taken_over = false;
    };

    // From here on the descriptor is closed on exec, and does not block. False: it is no socket
    // that can be taken over, or there are too many, and it is closed.
    bool take_over(int fd);
    // Bound; a stream also listens.
    Acquired<Socket> open(Kind kind, const Address& address);
    // Closes what was handed down and is not wanted; `dropped` is told of each before that.
    void drop_rest(Delegate<void(int fd)> dropped);

    std::span<const Opened> opened() const { return std::span(opened_).first(opened_count_); }

private:
    struct Inherited {
        Socket socket;
        Kind kind = Kind::stream;
        Address address;
    };

    Socket claim(Kind kind, const Address& address);
    static Acquired<Socket> make(Kind kind, const Address& address);

    std::array<Inherited, most> inherited_;
    std::size_t inherited_count_ = 0;
    std::array<Opened, most> opened_;
    std::size_t opened_count_ = 0;
};

}  // namespace reactor
