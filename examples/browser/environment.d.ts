/** Types of what Vite imports: texts by `?raw`, addresses of files by `?url`. */
/// <reference types="vite/client" />
