#pragma once

#include <cassert>
#include <type_traits>
#include <utility>

namespace reactor {

template <class Signature>
class Delegate;

// A bound member function in two words: no allocation, trivially copied.
// The object is borrowed: whoever hands out a delegate to itself takes it back before it dies.
template <class Result, class... Arguments>
class Delegate<Result(Arguments...)> {
public:
    Delegate() = default;

    // Delegate<void(int)>::to<&Owner::on_number>(owner)
    template <auto Method, class Object>
    static Delegate to(Object& object) {
        Delegate delegate;
        delegate.object_ = &object;
        delegate.call_ = [](void* target, Arguments... arguments) -> Result {
            return (static_cast<Object*>(target)->*Method)(std::forward<Arguments>(arguments)...);
        };
        return delegate;
    }

    Result operator()(Arguments... arguments) const {
        assert(call_ != nullptr);
        return call_(object_, std::forward<Arguments>(arguments)...);
    }

    explicit operator bool() const { return call_ != nullptr; }

private:
    void* object_ = nullptr;
    Result (*call_)(void*, Arguments...) = nullptr;
};

}  // namespace reactor
