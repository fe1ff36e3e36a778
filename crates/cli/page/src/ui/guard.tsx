// A view that fails leaves the others usable.

import { Component, type ComponentChildren } from "preact";
import { Problem } from "./basics";

interface State {
  error: Error | undefined;
}

/** Shows what a view threw in its place, until another one is shown. */
export class Guard extends Component<{ view: string; children: ComponentChildren }, State> {
  override state: State = { error: undefined };

  static override getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate(before: { view: string }): void {
    if (before.view !== this.props.view && this.state.error) this.setState({ error: undefined });
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div class="page">
        <h2>This view failed</h2>
        <p>What it was to show is on the server still; a report of this should have the following text.</p>
        <Problem error={error} />
      </div>
    );
  }
}
