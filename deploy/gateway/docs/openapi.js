// Redoc, told to draw our description; everything it needs is beside it.
Redoc.init("openapi.json", { nativeScrollbars: true, sortTagsAlphabetically: true }, document.getElementById("api"));
