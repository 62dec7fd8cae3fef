// For a wheel, which links OpenCV's core statically. That asks for OpenGL's functions where a
// program draws by them; nothing here does, and the library that has this one pulls in X11.
extern "C" void* glXGetProcAddressARB(const unsigned char* /*name*/) { return nullptr; }
