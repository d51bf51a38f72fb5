#pragma once

#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/helper.hpp"
#include "reactor/list.hpp"
#include "reactor/loop.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace reactor {

// Looks up the addresses of hosts' names, as the machine does it (its hosts file, its name servers,
// whatever else is configured), on a thread of its own: a name server that says nothing holds that
// up for seconds, and the loop not at all. One name after the other, in the order asked. Pinned.
class Resolver {
public:
    static constexpr std::size_t addresses_max = 8;  // of a name
    static constexpr std::size_t name_size_max = 253;

    // What was found, which dies when this returns; none: why not.
    using Told = Delegate<void(std::span<const Address> found, Errno why)>;

    // One name that somebody asks for, now and then. Outlives the resolver, or is never asked for.
    class Inquiry : public ListItem<Inquiry> {
    public:
        // `name` outlives this.
        Inquiry(std::string_view name, std::uint16_t port, Told told)
            : name_(name), port_(port), told_(told) {}

    private:
        friend class Resolver;

        std::string_view name_;
        std::uint16_t port_;
        Told told_;
    };

    explicit Resolver(Loop& loop);
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;
    ~Resolver();

    // Once, first, where there are names at all.
    Result<void> open();
    // What is asked already is not asked twice.
    void ask(Inquiry& inquiry);

private:
    struct Question {
        std::array<char, name_size_max + 1> name;
        std::uint16_t port;
        std::array<Address, addresses_max> found;
        std::size_t count;
        int error;
    };

    static void look_up(void* argument);
    void begin();
    void on_done(const sys::Errand& errand);

    Helper helper_;
    List<Inquiry> waiting_;
    Inquiry* current_ = nullptr;
    PageArray<Question> question_;  // The helper's while there is a current inquiry.
};

}  // namespace reactor
