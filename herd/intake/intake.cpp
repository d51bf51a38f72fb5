#include "herd/intake/intake.hpp"

namespace herd::intake {

std::string_view to_text(Fate fate) {
    switch (fate) {
        case Fate::kept:
            break;
        case Fate::older:
            return "a newer report, or the same, is there already";
        case Fate::remote:
            return "its time is centuries ago";
        case Fate::ahead:
            return "its time is too far ahead of this server's clock";
        case Fate::expired:
            return "its time is longer ago than positions are kept";
        case Fate::crowded:
            return "too many new clients of this address, and little room is left";
        case Fate::full:
            return "there is no room for another client";
        case Fate::no_long_line:
            return "there is no room for a line as long as this";
    }
    assert(false);
    return {};
}

}  // namespace herd::intake
