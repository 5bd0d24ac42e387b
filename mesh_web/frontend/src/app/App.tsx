// The whole application.
export function App() {
  return <h1>Meshweb</h1>;
}
